using ApiGateway.Core.Errors;
using ApiGateway.Host.Calls;

namespace ApiGateway.Host.Limits;

/// <summary>
/// Refuses proposals while this gateway's replica is too far behind what is committed (v3-semantics §9): more of them would only make it later. Thread-safe.
/// </summary>
public sealed class ApplyLag(GatewayOptions options, ILogger<ApplyLag> logger)
{
    private volatile bool _isTooFar;

    /// <summary>Proposals are refused.</summary>
    public bool IsTooFar => _isTooFar;

    /// <exception cref="RequestFailedException">"Too many requests".</exception>
    public void Admit()
    {
        if (_isTooFar)
            throw new RequestFailedException(EtcdError.TooManyRequests);
    }

    /// <summary>Takes note of the distance.</summary>
    /// <param name="committed">Last index known to be committed; looked at before <paramref name="applied"/>, so that the distance is never taken for more than it is.</param>
    /// <param name="applied">Last index that the replica has applied.</param>
    public void Note(ulong committed, ulong applied)
    {
        var isTooFar = committed > applied + options.MaxUnapplied;
        if (isTooFar != _isTooFar)
            logger.LagChanged(isTooFar ? LogLevel.Warning : LogLevel.Information, committed, applied, isTooFar ? "refused" : "taken again");
        _isTooFar = isTooFar;
    }
}
