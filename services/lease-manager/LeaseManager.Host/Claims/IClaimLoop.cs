namespace LeaseManager.Host.Claims;

/// <summary>Sees to the claim of a manager: makes it when it is its turn, and gives it up.</summary>
internal interface IClaimLoop
{
    /// <summary>Until the service stops.</summary>
    Task RunAsync(CancellationToken stopping);

    /// <summary>The service is about to stop and the loop has ended: whoever comes next need not wait.</summary>
    Task GiveUpAsync(CancellationToken cancellation);
}
