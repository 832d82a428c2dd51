using System.Collections.Concurrent;
using Hosting.Metrics;

namespace ApiGateway.Host.Metrics;

/// <summary>Requests by the version of their client's library, which it tells in its metadata. Thread-safe.</summary>
internal sealed class ClientRequests
{
    private const string VersionKey = "client-api-version";
    private const string Unknown = "unknown";

    // There are a handful of versions in the world; what else is sent here is somebody's invention, and is not kept.
    private const int MaxVersions = 64;
    private const int MaxVersionLength = 32;

    private readonly Labeled<Counter> _counters = new(static () => new Counter(), "client_api_version", "type");
    private readonly ConcurrentDictionary<string, Counter> _unary = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Counter> _streams = new(StringComparer.Ordinal);

    public Labeled<Counter> Counters => _counters;

    public void Count(HttpContext context, bool isStream)
    {
        var version = context.Request.Headers.TryGetValue(VersionKey, out var values) && values.Count > 0 && values[0] is { } told ? told : Unknown;
        var known = isStream ? _streams : _unary;
        if (!known.TryGetValue(version, out var counter))
            counter = Add(known, version, isStream);
        counter.Increment();
    }

    private Counter Add(ConcurrentDictionary<string, Counter> known, string version, bool isStream)
    {
        if (version.Length > MaxVersionLength || known.Count >= MaxVersions)
            version = "other";
        return known.GetOrAdd(version, name => _counters.With(name, isStream ? "stream" : "unary"));
    }
}
