using System.Buffers.Binary;
using System.Security.Cryptography;
using Consensus.Contracts;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Storage.Contracts;

namespace WatchHub.Feed.Store;

/// <summary>
/// Writes of one feed to the store, one at a time, as the cluster's own. A write whose result got lost is proposed again under its session and sequence, and takes effect once (I8).
/// Thread-safe.
/// </summary>
internal sealed class StoreCommands(IStorage storage, IConsensus consensus, FeedOptions options, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private const int NanosPerTick = 100;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly SessionId _session = NewSession();
    private ulong _lastSequence;
    private Way? _way;

    /// <exception cref="OperationCanceledException">Given up: it may or may not take effect later.</exception>
    public async Task<CommandResult> ProposeAsync(CommandKind kind, IMessage payload, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var sequence = ++_lastSequence;
            var envelope = new CommandEnvelope(kind, _session, sequence, LowestPending: sequence, NowUnixNanos(), Trace: default);
            var command = envelope.Encode(payload.ToByteArray());
            var retry = new Backoff(options, time);
            while (true)
            {
                try
                {
                    _way ??= await Way.OpenAsync(_session, storage, consensus, cancellation).ConfigureAwait(false);
                    if (await _way.ProposeAsync(sequence, command, cancellation).ConfigureAwait(false) is { } result)
                        return result;
                    Log.ProposalsBroken(logger, LogLevel.Debug, "a stream ended");
                }
#pragma warning disable CA1031 // Storage or consensus is away, whatever it threw: proposed again until the caller gives up.
                catch (Exception broken) when (!cancellation.IsCancellationRequested)
#pragma warning restore CA1031
                {
                    Log.ProposalsBroken(logger, retry.IsFirst ? LogLevel.Warning : LogLevel.Debug, broken.Message);
                }
                await DropAsync().ConfigureAwait(false);
                await retry.WaitAsync(cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await DropAsync().ConfigureAwait(false);
        _turn.Dispose();
    }

    private async ValueTask DropAsync()
    {
        if (_way is { } way)
        {
            _way = null;
            await way.DisposeAsync().ConfigureAwait(false);
        }
    }

    private long NowUnixNanos() => (time.GetUtcNow().UtcTicks - DateTime.UnixEpoch.Ticks) * NanosPerTick;

    // Random and not 0, as ids of proposers are.
    private static SessionId NewSession()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return new SessionId(BinaryPrimitives.ReadUInt64LittleEndian(bytes) | 1);
    }

    /// <summary>A stream of results and one of proposals, until one of them breaks.</summary>
    private sealed class Way : IResultSink, IAsyncDisposable
    {
        private readonly TaskCompletionSource _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock _gate = new();
        private TaskCompletionSource<CommandResult>? _waiting;
        private ulong _sequence;
        private IDisposable _results = null!;
        private IProposalStream _proposals = null!;

        private Way()
        {
        }

        public static async ValueTask<Way> OpenAsync(SessionId session, IStorage storage, IConsensus consensus, CancellationToken cancellation)
        {
            var way = new Way();
            // Results first: none may pass unseen once something is proposed.
            way._results = await storage.SubscribeResultsAsync(session, way, cancellation).ConfigureAwait(false);
            try
            {
                way._proposals = consensus.OpenProposals();
                return way;
            }
            catch
            {
                way._results.Dispose();
                throw;
            }
        }

        /// <summary>Null when the way broke before there was a result.</summary>
        public async Task<CommandResult?> ProposeAsync(ulong sequence, byte[] command, CancellationToken cancellation)
        {
            var waiting = new TaskCompletionSource<CommandResult>(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_gate)
                (_waiting, _sequence) = (waiting, sequence);
            await _proposals.ProposeAsync(new Proposal(command, default), cancellation).ConfigureAwait(false);
            await Task.WhenAny(waiting.Task, _broken.Task, _proposals.Broken).WaitAsync(cancellation).ConfigureAwait(false);
            return waiting.Task.IsCompletedSuccessfully ? await waiting.Task.ConfigureAwait(false) : null;
        }

        public void OnResults(ReadOnlySpan<CommandResult> results)
        {
            foreach (ref readonly var result in results)
            {
                lock (_gate)
                {
                    // Another: the answer to a proposal that was given up, or made twice.
                    if (result.Sequence == _sequence)
                        _waiting?.TrySetResult(result);
                }
            }
        }

        public void OnBroken(string reason) => _broken.TrySetResult();

        public async ValueTask DisposeAsync()
        {
            _results.Dispose();
            await _proposals.DisposeAsync().ConfigureAwait(false);
        }
    }
}
