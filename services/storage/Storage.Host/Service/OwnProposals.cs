using Consensus.Contracts;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Storage.Contracts;
using Storage.Core.State;

namespace Storage.Host.Service;

/// <summary>
/// What a replica itself proposes: alarms. Without a session, as these commands may take effect any number of times; that one did shows in the published
/// state, and until it does it is proposed again.
/// </summary>
internal sealed class OwnProposals(IConsensus consensus, PublishedState state, ViewSignal signal, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>Raises alarm CORRUPT for a member.</summary>
    /// <exception cref="OperationCanceledException">Given up.</exception>
    public Task RaiseCorruptAsync(ulong member, CancellationToken givenUp)
    {
        var request = new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Activate, MemberID = member, Alarm = AlarmType.Corrupt };
        return ProposeUntilAsync(CommandKind.Alarm, request.ToByteArray(), view => view.Alarms.Contains((member, AlarmSet.Corrupt)), givenUp);
    }

    /// <summary>Proposes until the state is as wanted.</summary>
    /// <exception cref="OperationCanceledException">Given up.</exception>
    public async Task ProposeUntilAsync(CommandKind kind, ReadOnlyMemory<byte> payload, Func<StateView, bool> isAsWanted, CancellationToken givenUp)
    {
        while (!isAsWanted(state.Current))
        {
            using var patience = new CancellationTokenSource(s_patience, time);
            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(givenUp, patience.Token);
            try
            {
                await using var stream = consensus.OpenProposals();
                var now = (time.GetUtcNow().UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * TimeSpan.NanosecondsPerTick;
                var command = new CommandEnvelope(kind, default, 0, 0, now, default).Encode(payload.Span);
                await stream.ProposeAsync(new Proposal(command, default), attempt.Token).ConfigureAwait(false);
                await UntilAsync(isAsWanted, attempt.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!givenUp.IsCancellationRequested)
            {
                // Not applied in time: lost with a leader, or nobody leads. Again.
            }
#pragma warning disable CA1031 // The log is away, whatever it threw: proposed again until it is back.
            catch (Exception exception) when (!givenUp.IsCancellationRequested)
#pragma warning restore CA1031
            {
                StorageLog.ProposalFailed(logger, exception, kind, s_patience);
                await Task.Delay(s_patience, time, givenUp).ConfigureAwait(false);
            }
        }
    }

    private async Task UntilAsync(Func<StateView, bool> isAsWanted, CancellationToken cancellation)
    {
        while (true)
        {
            var view = state.Current;
            if (isAsWanted(view))
                return;
            await signal.WaitAsync(view, cancellation).ConfigureAwait(false);
        }
    }
}
