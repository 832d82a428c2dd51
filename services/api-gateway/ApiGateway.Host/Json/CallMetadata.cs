namespace ApiGateway.Host.Json;

/// <summary>What of an HTTP request's headers a call takes along (v3-wire §3.1).</summary>
internal static class CallMetadata
{
    private const string Prefix = "Grpc-Metadata-";

    /// <summary>The call's headers.</summary>
    public static IHeaderDictionary From(IHeaderDictionary outer)
    {
        IHeaderDictionary headers = new HeaderDictionary();
        foreach (var (name, values) in outer)
        {
            if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && !IsReserved(name[Prefix.Length..]))
                headers.Append(name[Prefix.Length..], values);
        }
        Copy("authorization");
        Copy("grpc-timeout");
        Copy("traceparent");
        Copy("tracestate");
        headers.ContentType = "application/grpc";
        headers.TE = "trailers";
        return headers;

        void Copy(string name)
        {
            if (outer.TryGetValue(name, out var values))
                headers[name] = values;
        }
    }

    // What makes a call a call is not for the client of the gateway to say.
    private static bool IsReserved(string name) =>
        name.Length == 0 || name[0] == ':' || name.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase)
        || name.Equals("content-type", StringComparison.OrdinalIgnoreCase) || name.Equals("te", StringComparison.OrdinalIgnoreCase);
}
