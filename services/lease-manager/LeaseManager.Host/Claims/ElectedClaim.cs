using System.Buffers.Binary;
using Google.Protobuf;
using LeaseManager.Host.Leadership;
using LeaseManager.Host.Leases;
using LeaseManager.Host.Proposing;
using Storage.Contracts;
using Storage.Contracts.Commands;

namespace LeaseManager.Host.Claims;

/// <summary>
/// Holds the claim while this manager's member leads, and claims again soon when it is fenced meanwhile. When it leads no more it stops at once, claim or not.
/// </summary>
internal sealed class ElectedClaim(
    ILeadership leadership, LeaseBook book, LeaseProposer proposer, LeaseManagerOptions options, TimeProvider time, ILogger logger) : IClaimLoop
{
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await UntilAsync(leads: true, stopping);
                using var leading = CancellationTokenSource.CreateLinkedTokenSource(stopping);
                var losing = CancelWhenLostAsync(leading);
                try
                {
                    await ClaimAsync(leading.Token);
                }
                catch (OperationCanceledException) when (leading.IsCancellationRequested && !stopping.IsCancellationRequested)
                {
                    book.Release();
                    Log.Released(logger);
                }
                finally
                {
                    await leading.CancelAsync();
                    await losing;
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The claim ends with the service; a successor's replaces it.
        }
    }

    // The next leader's manager claims, whoever holds the claim.
    public Task GiveUpAsync(CancellationToken cancellation) => Task.CompletedTask;

    private async Task ClaimAsync(CancellationToken leading)
    {
        var payload = new LeaseClaim { Manager = options.Name }.ToByteArray();
        var refused = new Backoff(options.RetryMin, options.RetryMax, time);
        var fenced = new Backoff(options.RetryMin, options.RetryMax, time);
        while (true)
        {
            leading.ThrowIfCancellationRequested();
            book.BeginClaim();
            var result = await proposer.ProposeAsync(CommandKind.LeaseClaim, payload, leading);
            if (result.Error != StorageError.None || result.Body.Length != sizeof(ulong))
            {
                Log.ClaimRefused(logger, result.Error);
                await refused.WaitAsync(leading);
                continue;
            }
            var epoch = BinaryPrimitives.ReadUInt64LittleEndian(result.Body.Span);
            var since = time.Monotonic();
            Log.Claimed(logger, epoch);
            book.Claimed(epoch);
            await book.Fenced.WaitAsync(leading);
            if (time.Monotonic() - since > options.RetryMax)
                fenced.Reset();
            Log.Fenced(logger, epoch);
            await fenced.WaitAsync(leading);
        }
    }

    private async Task UntilAsync(bool leads, CancellationToken cancellation)
    {
        while (leadership.IsLeader != leads)
            await leadership.WaitForChangeAsync(!leads, cancellation);
    }

    private async Task CancelWhenLostAsync(CancellationTokenSource leading)
    {
        try
        {
            await UntilAsync(leads: false, leading.Token);
            await leading.CancelAsync();
        }
        catch (OperationCanceledException) when (leading.IsCancellationRequested)
        {
            // The claim loop has ended first.
        }
    }
}
