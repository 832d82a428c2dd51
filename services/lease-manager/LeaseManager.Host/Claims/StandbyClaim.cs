using System.Buffers.Binary;
using Google.Protobuf;
using LeaseManager.Core.Claims;
using LeaseManager.Host.Leases;
using LeaseManager.Host.Proposing;
using Storage.Contracts;
using Storage.Contracts.Commands;

namespace LeaseManager.Host.Claims;

/// <summary>Of managers that nobody elects: proposes what the core's <see cref="Candidacy"/> says, one thing at a time.</summary>
internal sealed class StandbyClaim(
    LeaseBook book, LeaseProposer proposer, Alarm alarm, LeaseManagerOptions options, TimeProvider time, ILogger logger) : IClaimLoop
{
    public async Task RunAsync(CancellationToken stopping)
    {
        var refused = new Backoff(options.RetryMin, options.RetryMax, time);
        try
        {
            while (true)
            {
                await alarm.WaitAsync(book.UntilNextClaimStep, stopping);
                var step = book.NextClaimStep();
                var error = step.Kind switch
                {
                    ClaimStepKind.Claim => await ClaimAsync(step.Replaces, stopping),
                    ClaimStepKind.Hold => await HoldAsync(isReleased: false, stopping),
                    ClaimStepKind.Announce => await AnnounceAsync(stopping),
                    _ => StorageError.None,
                };
                // Refused by what the feed is about to tell, or else by an alarm that refuses everything.
                if (error is StorageError.None or StorageError.StaleLeaseEpoch)
                    refused.Reset();
                else
                    await refused.WaitAsync(stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // What becomes of the claim: GiveUpAsync.
        }
    }

    public async Task GiveUpAsync(CancellationToken cancellation)
    {
        if (book.Claim == 0)
            return;
        using var patience = new CancellationTokenSource(options.ReleasePatience, time);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            if (await HoldAsync(isReleased: true, waiting.Token) == StorageError.None)
                Log.GivenUp(logger);
        }
        catch (OperationCanceledException) when (waiting.IsCancellationRequested)
        {
            // The log does not answer: who comes next waits until this manager has been silent for long enough.
        }
    }

    private async Task<StorageError> ClaimAsync(ClaimState replaces, CancellationToken stopping)
    {
        var claim = new LeaseClaim { Manager = options.Name, Replaces = replaces.Epoch, HeldIndex = replaces.HeldAt.Value };
        var result = await proposer.ProposeAsync(CommandKind.LeaseClaim, claim.ToByteArray(), stopping);
        if (result.Error != StorageError.None || result.Body.Length != sizeof(ulong))
        {
            // That another was first is what happens to one of two.
            if (result.Error != StorageError.StaleLeaseEpoch)
                Log.ClaimRefused(logger, result.Error);
            book.ClaimRefused();
            return result.Error;
        }
        var epoch = BinaryPrimitives.ReadUInt64LittleEndian(result.Body.Span);
        Log.Claimed(logger, epoch);
        book.Claimed(epoch);
        return StorageError.None;
    }

    private async Task<StorageError> HoldAsync(bool isReleased, CancellationToken stopping)
    {
        var epoch = book.Claim;
        if (isReleased)
            book.Release();
        var hold = new LeaseHold { Epoch = epoch, Released = isReleased };
        var result = await proposer.ProposeAsync(CommandKind.LeaseHold, hold.ToByteArray(), stopping);
        if (result.Error == StorageError.StaleLeaseEpoch && !isReleased)
        {
            Log.Fenced(logger, epoch);
            book.Refused(epoch);
        }
        return result.Error;
    }

    private async Task<StorageError> AnnounceAsync(CancellationToken stopping)
    {
        var announcement = new LeaseStandby { Manager = options.Name };
        return (await proposer.ProposeAsync(CommandKind.LeaseStandby, announcement.ToByteArray(), stopping)).Error;
    }
}
