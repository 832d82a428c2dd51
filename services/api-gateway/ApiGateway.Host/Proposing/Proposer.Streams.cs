using ApiGateway.Core.Errors;
using Consensus.Contracts;
using Storage.Contracts;

namespace ApiGateway.Host.Proposing;

// The proposal stream and the result subscription, opened again whenever one of them ends.
public sealed partial class Proposer
{
    // After a stream that was a good one the next is opened at once.
    private static readonly TimeSpan s_firstBackoff = TimeSpan.FromMilliseconds(10);

    // Every request that waits for a new leader waits for this as well.
    private static readonly TimeSpan s_longestBackoff = TimeSpan.FromMilliseconds(50);

    // A stream that lived so long was a good one.
    private static readonly TimeSpan s_goodStream = TimeSpan.FromSeconds(1);

    // Streams in a row that were lost early: the first is news, the others are the same news.
    private int _lostEarly;

    private long _opened;

    // Kept from stream to stream: what changes is mostly the leader of the log, which is nothing to storage.
    private Sink? _results;

    private bool IsGood => _time.GetElapsedTime(_opened) > s_goodStream;

    private LogLevel LostLevel => _lostEarly == 0 || IsGood ? LogLevel.Warning : LogLevel.Debug;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _sweeper = _time.CreateTimer(static self => ((Proposer)self!).GiveUpOverdue(), this, s_sweepPeriod, s_sweepPeriod);
        _running = RunAsync(_stopping.Token);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _sweeper?.Dispose();
        await _running.ConfigureAwait(false);
        List<PendingProposal> left;
        lock (_gate)
        {
            left = _pending.ToList();
            left.ForEach(proposal => _pending.Remove(proposal.Sequence));
        }
        Fail(left, EtcdError.ServerStopped);
    }

    public void Dispose()
    {
        _sweeper?.Dispose();
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            await UseStreamsAsync(stopping).ConfigureAwait(false);
        }
        finally
        {
            _results?.Dispose();
        }
    }

    private async Task UseStreamsAsync(CancellationToken stopping)
    {
        var backoff = TimeSpan.Zero;
        while (!stopping.IsCancellationRequested)
        {
            _opened = _time.GetTimestamp();
            try
            {
                await UseOneStreamAsync(stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                _logger.ProposalStreamFailed(LostLevel, exception);
            }
            // A lost stream is often the first sign of a lost leader.
            _cluster.LookNow();
            var wasGood = IsGood;
            _lostEarly = wasGood ? 0 : _lostEarly + 1;
            backoff = wasGood
                ? TimeSpan.Zero
                : TimeSpan.FromTicks(Math.Clamp(backoff.Ticks * 2, s_firstBackoff.Ticks, s_longestBackoff.Ticks));
            await Task.Delay(backoff, _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task UseOneStreamAsync(CancellationToken stopping)
    {
        // Results first: nothing that the new stream carries may be applied before somebody listens.
        var results = await SubscribeResultsAsync(stopping).ConfigureAwait(false);
        await using var stream = _consensus.OpenProposals();
        try
        {
            _stream = stream;
            Interlocked.MemoryBarrier();
            await ProposeAgainAsync(stream, stopping).ConfigureAwait(false);
            await Task.WhenAny(stream.Broken, results.Broken).WaitAsync(stopping).ConfigureAwait(false);
            _logger.ProposalStreamLost(LostLevel, results.IsBroken ? await results.Broken.ConfigureAwait(false) : "no leader behind it");
        }
        catch (ProposalStreamBrokenException exception)
        {
            _logger.ProposalStreamLost(LostLevel, exception.Message);
        }
        finally
        {
            _stream = null;
        }
    }

    /// <summary>The subscription there is, or another one: what was answered in between goes again, and is answered again (I8).</summary>
    private async ValueTask<Sink> SubscribeResultsAsync(CancellationToken stopping)
    {
        if (_results is { IsBroken: false } sound)
            return sound;
        _results?.Dispose();
        _results = null;
        var fresh = new Sink(this);
        fresh.Subscription = await _storage.SubscribeResultsAsync(_session, fresh, stopping).ConfigureAwait(false);
        return _results = fresh;
    }

    /// <summary>Everything without an outcome, in order of sequence. What is not encoded yet is sent by its own caller.</summary>
    /// <remarks>
    /// One of them may be given up at its deadline before its turn comes. Then it still goes, under its own sequence, which nothing else will ever have: it takes
    /// effect once (its client has been told that nobody knows), or, if commands that no longer wait for it come first in the log, is refused as forgotten.
    /// </remarks>
    private async Task ProposeAgainAsync(IProposalStream stream, CancellationToken stopping)
    {
        var proposals = new List<Proposal>();
        lock (_gate)
        {
            foreach (var proposal in _pending.ToList())
            {
                if (proposal.TryGetCommand(out var command))
                    proposals.Add(new Proposal(command, proposal.Trace));
            }
        }
        _logger.ProposalStreamOpened(_lostEarly == 0 ? LogLevel.Information : LogLevel.Debug, _session, proposals.Count);
        foreach (var proposal in proposals)
            await stream.ProposeAsync(proposal, stopping).ConfigureAwait(false);
    }

    /// <summary>One subscription: a late word of an old one must not end the new one.</summary>
    private sealed class Sink(Proposer owner) : IResultSink, IDisposable
    {
        private readonly TaskCompletionSource<string> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Broken => _broken.Task;

        public bool IsBroken => _broken.Task.IsCompleted;

        public IDisposable? Subscription { get; set; }

        public void Dispose() => Subscription?.Dispose();

        public void OnResults(ReadOnlySpan<CommandResult> results) => owner.OnResults(results);

        public void OnBroken(string reason) => _broken.TrySetResult(reason);
    }
}
