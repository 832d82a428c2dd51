namespace Chaos.Tests.Workload;

/// <summary>Clients at work, each bound to one target.</summary>
public sealed class WorkloadRun : IAsyncDisposable
{
    private static readonly TimeSpan s_progressDeadline = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<(KvClient Client, IClientTarget Member)> _clients;
    private readonly Dictionary<IClientTarget, Progress> _progressOf;
    private readonly Progress _progress = new();
    private readonly WorkloadOptions _options;
    private readonly Task _work;

    private WorkloadRun(IReadOnlyList<IClientTarget> members, WorkloadOptions options)
    {
        _options = options;
        _progressOf = members.ToDictionary(member => member, _ => new Progress());
        _clients = [.. Enumerable.Range(0, options.Clients).Select(n =>
        {
            var member = members[n % members.Count];
            return (new KvClient(options.FirstClient + n, member.Connect(), options.RequestLimit, options.PaddingBytes), member);
        })];
        _work = Task.WhenAll(_clients.Select((entry, n) => Task.Run(() => WorkAsync(entry.Client, _progressOf[entry.Member], options.Script(n)))));
    }

    public static WorkloadRun Start(IEnumerable<IClientTarget> members, WorkloadOptions options) => new([.. members], options);

    /// <summary>Waits for so many more acknowledged writes, of any client or of those of one member.</summary>
    public async Task AcknowledgedAsync(long more, IClientTarget? by = null)
    {
        var progress = by is null ? _progress : _progressOf[by];
        var before = progress.Count;
        var reached = progress.MoreAsync(more);
        try
        {
            var first = await Task.WhenAny(reached, _work).WaitAsync(s_progressDeadline);
            await first; // A client that failed says why.
            if (first == _work)
                throw new InvalidOperationException($"the clients stopped after {progress.Count} acknowledged writes");
        }
        catch (TimeoutException)
        {
            var who = by is null ? "the cluster" : $"member {by.Number}";
            throw new TimeoutException($"{who} acknowledged {progress.Count - before} writes in {s_progressDeadline.TotalSeconds} s, not {more}");
        }
    }

    /// <summary>Lets each client finish its request; then tells what happened.</summary>
    public async Task<WorkloadReport> StopAsync()
    {
        await _stop.CancelAsync();
        await _work;
        return new WorkloadReport(
            [.. _clients.SelectMany(entry => entry.Client.History)],
            [.. _clients.SelectMany(entry => entry.Client.Errors.Select(e => new ClientError(entry.Client.Number, entry.Member.Number, e.Time, e.Error))).OrderBy(e => e.Time)]);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Who waited for progress has seen it.
        foreach (var (client, _) in _clients)
            client.Dispose();
        _stop.Dispose();
    }

    private async Task WorkAsync(KvClient client, Progress ofMember, ClientScript script)
    {
        for (var n = 0; n < _options.MaxRequestsPerClient && !_stop.IsCancellationRequested; n++)
        {
            var request = script.Next();
            var answer = await client.DoAsync(request);
            script.Learn(request, answer);
            if (answer is { Wrote: true })
            {
                _progress.Acknowledge();
                ofMember.Acknowledge();
            }
            await Task.Delay(answer is null ? _options.PauseAfterError : _options.Pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
