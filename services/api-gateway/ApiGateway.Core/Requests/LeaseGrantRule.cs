using ApiGateway.Core.Errors;

namespace ApiGateway.Core.Requests;

/// <summary>Bounds of a lease's TTL in seconds (v3 lease semantics).</summary>
public static class LeaseGrantRule
{
    /// <summary>Largest TTL a client may ask for.</summary>
    public const long MaxTtlSeconds = 9_000_000_000;

    /// <summary>The TTL that is granted: what was asked for, raised to the minimum.</summary>
    /// <param name="askedSeconds">May be 0 or negative.</param>
    /// <param name="minimumSeconds">1.5 election timeouts, rounded up: 2 by default.</param>
    /// <param name="grantedSeconds">What to propose.</param>
    public static EtcdError Decide(long askedSeconds, long minimumSeconds, out long grantedSeconds)
    {
        grantedSeconds = Math.Max(askedSeconds, minimumSeconds);
        return askedSeconds > MaxTtlSeconds ? EtcdError.LeaseTtlTooLarge : EtcdError.None;
    }
}
