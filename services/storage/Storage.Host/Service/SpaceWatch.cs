using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.Space;
using Storage.Core.State;

namespace Storage.Host.Service;

/// <summary>Compares the data file with its quota, and proposes this replica's NOSPACE alarm or its end.</summary>
/// <param name="quota">What the file may hold.</param>
/// <param name="member">Whose alarm it is.</param>
/// <param name="changed">Raised when the file may have grown or shrunk.</param>
/// <param name="bytesInUse">Of the data file as it is now.</param>
/// <param name="state">Where the alarm shows.</param>
/// <param name="proposals">The way into the log.</param>
/// <param name="logger">Where it says so.</param>
internal sealed class SpaceWatch(
    Quota quota, ulong member, Wakeup changed, Func<long> bytesInUse, PublishedState state, OwnProposals proposals, ILogger logger)
{
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await LookAsync(stopping).ConfigureAwait(false);
                await changed.WaitAsync(stopping).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Told to stop; the next start looks again.
        }
    }

    private Task LookAsync(CancellationToken stopping)
    {
        var view = state.Current;
        var inUse = bytesInUse();
        switch (quota.Decide(inUse, IsRaised(view), view.AutomaticAlarms.Contains(member)))
        {
            case SpaceChange.Raise:
                StorageLog.SpaceExceeded(logger, inUse, quota.Bytes, member);
                return ProposeAsync(exceeded: true, IsRaised, stopping);
            case SpaceChange.Clear:
                StorageLog.SpaceAgain(logger, inUse, quota.Bytes, member);
                return ProposeAsync(exceeded: false, latest => !latest.AutomaticAlarms.Contains(member), stopping);
            default:
                return Task.CompletedTask;
        }
    }

    private Task ProposeAsync(bool exceeded, Func<StateView, bool> isAsWanted, CancellationToken stopping) => proposals.ProposeUntilAsync(
        CommandKind.SpaceAlarm, new SpaceAlarm { Member = member, Exceeded = exceeded }.ToByteArray(), isAsWanted, stopping);

    private bool IsRaised(StateView view) => view.Alarms.Contains((member, AlarmSet.NoSpace));
}
