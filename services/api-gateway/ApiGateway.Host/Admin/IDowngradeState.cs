namespace ApiGateway.Host.Admin;

/// <summary>Whether the cluster is being taken back a release.</summary>
public interface IDowngradeState
{
    /// <summary>As of now, whichever member is asked.</summary>
    /// <exception cref="Calls.RequestFailedException">No leader confirmed itself in time.</exception>
    Task<bool> IsEnabledAsync(CancellationToken cancellation);
}
