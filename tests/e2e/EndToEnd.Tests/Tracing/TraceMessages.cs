using Google.Protobuf;

namespace EndToEnd.Tests.Tracing;

/// <summary>
/// Reads the few fields that tests look at out of an OTLP ExportTraceServiceRequest (opentelemetry.proto.collector.trace.v1; field numbers from
/// the published definition).
/// </summary>
internal static class TraceMessages
{
    public static List<Span> Parse(byte[] request)
    {
        var spans = new List<Span>();
        foreach (var resourceSpans in Fields(request).Where(field => field.Number == 1)) // resource_spans
        {
            var parts = Fields(resourceSpans.Bytes).ToList();
            var service = parts.Where(part => part.Number == 1).Select(part => ServiceName(part.Bytes)).FirstOrDefault() ?? "";
            foreach (var scopeSpans in parts.Where(part => part.Number == 2)) // scope_spans
            {
                var inner = Fields(scopeSpans.Bytes).ToList();
                var scope = inner.Where(part => part.Number == 1).Select(part => Text(part.Bytes, 1)).FirstOrDefault() ?? "";
                spans.AddRange(inner.Where(part => part.Number == 2).Select(part => ReadSpan(part.Bytes, service, scope)));
            }
        }
        return spans;
    }

    private static Span ReadSpan(byte[] span, string service, string scope)
    {
        var fields = Fields(span).ToList();
        return new(service, scope, Text(span, 5), Hex(fields, 1), Hex(fields, 2), Hex(fields, 4),
            [.. fields.Where(field => field.Number == 13).Select(link => Ids(Fields(link.Bytes).ToList()))]);
    }

    // Span.Link: trace_id = 1, span_id = 2.
    private static (string TraceId, string SpanId) Ids(List<(int Number, byte[] Bytes)> link) => (Hex(link, 1), Hex(link, 2));

    // Resource.attributes = 1, each a KeyValue of key = 1 and value = 2, AnyValue.string_value = 1.
    private static string? ServiceName(byte[] resource) =>
        Fields(resource)
            .Where(field => field.Number == 1 && Text(field.Bytes, 1) == "service.name")
            .Select(field => Text(Fields(field.Bytes).First(part => part.Number == 2).Bytes, 1))
            .FirstOrDefault();

    private static string Text(byte[] message, int number) =>
        Fields(message).Where(field => field.Number == number).Select(field => System.Text.Encoding.UTF8.GetString(field.Bytes)).FirstOrDefault() ?? "";

    private static string Hex(List<(int Number, byte[] Bytes)> fields, int number) =>
        fields.Where(field => field.Number == number).Select(field => Convert.ToHexStringLower(field.Bytes)).FirstOrDefault() ?? "";

    /// <summary>The length-delimited fields of a message, in order.</summary>
    private static IEnumerable<(int Number, byte[] Bytes)> Fields(byte[] message)
    {
        var input = new CodedInputStream(message);
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            if (WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
                yield return (WireFormat.GetTagFieldNumber(tag), input.ReadBytes().ToByteArray());
            else
                input.SkipLastField();
        }
    }
}
