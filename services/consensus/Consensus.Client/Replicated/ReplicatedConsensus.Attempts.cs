using Consensus.Contracts;

namespace Consensus.Client.Replicated;

// Calls that go from member to member until one answers.
public sealed partial class ReplicatedConsensus
{
    /// <summary>One bounded call. Running out of time is what an unreachable member looks like.</summary>
    private async ValueTask<T> AttemptAsync<T>(Func<CancellationToken, ValueTask<T>> call, TimeSpan limit, CancellationToken cancellation)
    {
        using var attempt = new CancellationTokenSource(limit, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(attempt.Token, cancellation);
        try
        {
            // Not every binding ends a call at once when it is cancelled.
            return await call(both.Token).AsTask().WaitAsync(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new LogUnavailableException("the member did not answer in time", e);
        }
    }

    /// <summary>Asks the current member, then the next, round and round, until one answers, the caller gives up, or the time is over.</summary>
    /// <exception cref="LogUnavailableException">No member answered in time.</exception>
    /// <exception cref="NoLeaderException">Members answered, without a leader.</exception>
    private async ValueTask<T> EachInTurnAsync<T, TArgument>(
        Func<IConsensus, TArgument, CancellationToken, ValueTask<T>> call, TArgument argument, TimeSpan attempt, CancellationToken cancellation)
    {
        var began = _time.GetTimestamp();
        var first = Volatile.Read(ref _current);
        var at = first;
        for (var tries = 1; ; tries++)
        {
            try
            {
                var answer = await AttemptAsync(token => call(_members[at], argument, token), attempt, cancellation).ConfigureAwait(false);
                Prefer(at, insteadOf: first);
                return answer;
            }
            catch (Exception e) when (e is LogUnavailableException or NoLeaderException)
            {
                at = After(at);
                if (_time.GetElapsedTime(began) >= _options.CallTimeout)
                    throw;
            }
            if (tries % _members.Count == 0)
                await Task.Delay(_options.RetryWait, _time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>One round for all readers that wait: the current member, the next one too when it takes long, and again until the time is over.</summary>
    private async ValueTask<ReadIndex> AskReadIndexAsync()
    {
        var began = _time.GetTimestamp();
        var first = Volatile.Read(ref _current);
        var at = first;
        using var ending = new CancellationTokenSource();
        // At most one question is open at each member: one that is frozen keeps its own until it is given up.
        var open = new Dictionary<int, Task<ReadIndex>>();
        try
        {
            while (true)
            {
                if (!open.ContainsKey(at))
                    open.Add(at, AttemptAsync(_members[at].ReadIndexAsync, _options.CallTimeout, ending.Token).AsTask());
                var hedge = Task.Delay(_options.ReadHedge, _time, ending.Token);
                await Task.WhenAny(open.Values.Append(hedge)).ConfigureAwait(false);
                var (winner, answer) = open.FirstOrDefault(static pair => pair.Value.IsCompletedSuccessfully);
                if (answer is not null)
                {
                    if (winner != first)
                        await LeaveUnlessItAnswersAsync(first, open.GetValueOrDefault(first), winner).ConfigureAwait(false);
                    return await answer.ConfigureAwait(false);
                }

                at = After(at);
                var failed = open.Where(static pair => pair.Value.IsCompleted).ToList();
                foreach (var (member, task) in failed)
                {
                    open.Remove(member);
                    if (task.Exception?.InnerException is not (NoLeaderException or LogUnavailableException))
                        await task.ConfigureAwait(false);
                }
                if (_time.GetElapsedTime(began) >= _options.CallTimeout)
                    throw new NoLeaderException(failed.Count > 0 ? failed[0].Value.Exception!.InnerException!.Message : "no member answered in time");
                if (failed.Count > 0)
                    await Task.Delay(_options.RetryWait, _time, ending.Token).ConfigureAwait(false);
            }
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            foreach (var task in open.Values)
                _ = task.ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    /// <summary>
    /// Another member has answered what this one was asked before it. After an election all of them answer at nearly the same moment, the leader first, and nobody is to be
    /// left for that: this one gets a moment more. The readers pay it once, as the next ones ask elsewhere.
    /// </summary>
    private async Task LeaveUnlessItAnswersAsync(int first, Task<ReadIndex>? asked, int other)
    {
        if (asked is not null)
            await Task.WhenAny(asked, Task.Delay(_options.ReadGrace, _time)).ConfigureAwait(false);
        if (asked is not { IsCompletedSuccessfully: true })
            Prefer(other, insteadOf: first);
    }
}
