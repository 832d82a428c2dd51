namespace EndToEnd.Tests.Tracing;

/// <summary>A span as it came over OTLP. Ids in hexadecimal; no parent: empty.</summary>
public sealed record Span(
    string Service, string Scope, string Name, string TraceId, string SpanId, string ParentId, IReadOnlyList<(string TraceId, string SpanId)> Links);
