using Grpc.Core;
using Linearizability.History;
using Linearizability.Keys;

namespace Chaos.Tests.Workload;

/// <summary>
/// Everything that clients have open in normal operation, at once: a hundred clients that write, count by compare and swap, and read both ways, watches, and leases that are
/// kept alive.
/// </summary>
public sealed class SteadyLoad : IAsyncDisposable
{
    private const int Writers = 40, CounterClients = 20, Readers = 20, SerializableReaders = 20;
    private const int Counters = 10, Watchers = 6, Leases = 12;

    // Longer than any pause that is tolerable, so that a pause shows as a pause and not as an error.
    private static readonly TimeSpan s_requestLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_deliveryDeadline = TimeSpan.FromSeconds(30);

    private readonly int _firstClient;
    private readonly string _watched;
    private readonly List<KeyWatcher> _watchers = [];
    private readonly LeaseKeepers _leases = new();
    private readonly List<SerializableReader> _readers = [];

    private SteadyLoad(int number) => (_firstClient, _watched) = (number * ClientsOfOne, $"own/{number}.");

    /// <summary>Told of every acknowledged write. Null until all is open.</summary>
    public WorkloadRun Workload { get; private set; } = null!;

    private static int ClientsOfOne => Writers + CounterClients + Readers;

    /// <summary>Opens everything, spread evenly over the targets.</summary>
    /// <param name="targets">Whose clients these are.</param>
    /// <param name="number">Unique among the loads of one history.</param>
    public static async Task<SteadyLoad> StartAsync(IReadOnlyList<IClientTarget> targets, int number)
    {
        var load = new SteadyLoad(number);
        try
        {
            for (var n = 0; n < Watchers; n++)
                load._watchers.Add(await KeyWatcher.StartAsync(targets[n % targets.Count].Connect(), load._watched));
            await load._leases.AddAsync(Leases, n => targets[n % targets.Count].Connect(), $"leased/{number}.");
            for (var n = 0; n < SerializableReaders; n++)
                load._readers.Add(new SerializableReader(targets[n % targets.Count].Connect(), load.OwnKey(n)));
            load.Workload = WorkloadRun.Start(targets, new WorkloadOptions
            {
                Clients = ClientsOfOne,
                FirstClient = load._firstClient,
                Pause = TimeSpan.FromMilliseconds(50),
                RequestLimit = s_requestLimit,
                Script = load.ScriptOf,
            });
            return load;
        }
        catch
        {
            await load.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets every client finish, checks watches and leases, and tells what happened.</summary>
    public async Task<SteadyReport> StopAsync()
    {
        var report = await Workload.StopAsync();
        foreach (var reader in _readers)
            await reader.StopAsync();
        await _leases.CheckAsync();
        // With errors nobody knows how many versions there are; they fail the test anyway.
        if (report.Undecided == 0)
        {
            var versions = report.History.Where(o => o.Input.Key.StartsWith(_watched, StringComparison.Ordinal) && o.Output.Wrote)
                .GroupBy(o => o.Input.Key).ToDictionary(key => key.Key, key => (long)key.Count());
            await Poll.UntilAsync("every watcher to have every event", s_deliveryDeadline, () => Task.FromResult(_watchers.All(watcher => watcher.HasSeen(versions))));
        }
        return new SteadyReport(
            report.History, [.. report.Errors.Select(error => error.Error), .. _readers.SelectMany(reader => reader.Errors)], _readers.Sum(reader => reader.Answers));
    }

    public async ValueTask DisposeAsync()
    {
        if (Workload is not null)
            await Workload.DisposeAsync();
        foreach (var part in _readers.Cast<IAsyncDisposable>().Concat(_watchers).Append(_leases))
            await part.DisposeAsync();
    }

    private string OwnKey(int client) => $"{_watched}{client}";

    private ClientScript ScriptOf(int client) => client switch
    {
        < Writers => new OwnCounterScript(OwnKey(client)),
        < Writers + CounterClients => new SharedCounterScript(client % Counters),
        _ => new ReadScript(OwnKey(client % Writers)),
    };
}

/// <summary>What the clients of a <see cref="SteadyLoad"/> did and saw.</summary>
public sealed record SteadyReport(IReadOnlyList<Operation<KeyRequest, KeyAnswer>> History, IReadOnlyList<RpcException> Errors, int SerializableReads)
{
    public override string ToString() => $"{History.Count} requests and {SerializableReads} serializable reads, {Errors.Count} errors" + string.Concat(Errors
        .GroupBy(error => $"{error.StatusCode} \"{error.Status.Detail}\"").OrderByDescending(kind => kind.Count()).Select(kind => $"\n  {kind.Count()} x {kind.Key}"));
}
