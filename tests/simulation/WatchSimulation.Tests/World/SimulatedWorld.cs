using Consensus.Contracts;
using Simulation.Checks;
using Simulation.World;
using Storage.Contracts;
using WatchGuarantees.Checking;
using WatchGuarantees.History;

namespace WatchSimulation.World;

/// <summary>
/// A store with replicas, hubs, gateways and clients that watch, and their misfortunes, in one thread under one seed. The same seed gives the same history. What every watch heard
/// is held against what was written.
/// </summary>
internal sealed partial class SimulatedWorld
{
    public static readonly Term Term = new(3);

    // Longer than anything takes when nothing goes wrong. With the smallest buffers a whole history comes in thousands of pieces, but one after the other.
    private const int LongestPause = 10_000;

    // More than the farthest future that a watch starts in.
    private const int LaterRevisions = 20;

    private readonly List<Replica> _replicas = [];
    private readonly List<SimulatedHub> _hubs = [];
    private readonly List<Gateway> _gateways = [];
    private readonly List<SimulatedClient> _clients = [];
    private readonly List<string>? _trace;

    public SimulatedWorld(int seed, Profile profile, bool keepsTrace = false)
    {
        (Random, Profile) = (new Random(seed), profile);
        _trace = keepsTrace ? [] : null;
        for (var n = 0; n < profile.Replicas; n++)
            _replicas.Add(new Replica(this, n));
        for (var n = 0; n < profile.Hubs; n++)
            _hubs.Add(new SimulatedHub(this, n));
        for (var n = 0; n < profile.Gateways; n++)
            _gateways.Add(new Gateway(n));
        for (var n = 0; n < profile.Clients; n++)
            _clients.Add(new SimulatedClient(this, n));
    }

    public Random Random { get; }

    public Profile Profile { get; }

    public Scheduler Scheduler { get; } = new();

    public StoreLog Store { get; } = new();

    public Counts Counts { get; } = new();

    /// <summary>Faults have stopped.</summary>
    public bool IsCalm { get; private set; }

    /// <summary>What happened, when it is kept.</summary>
    public IReadOnlyList<string> History => _trace ?? [];

    /// <summary>Everybody starts; things go wrong; then they stop, and every watch must come to have everything.</summary>
    public void Run()
    {
        foreach (var replica in _replicas)
            replica.Apply();
        foreach (var hub in _hubs)
            hub.Start();
        foreach (var client in _clients)
            client.Start();
        PlanWork();
        PlanFaults();
        Scheduler.RunTo(Profile.Length);
        Recover();
    }

    public void Trace(FormattableString what) => _trace?.Add(FormattableString.Invariant($"{Scheduler.Now,6} {FormattableString.Invariant(what)}"));

    public int Delay(int longest) => Random.Next(IsCalm ? 5 : longest);

    public Replica AnyReplica() => _replicas[Random.Next(_replicas.Count)];

    public Gateway AnyGateway() => _gateways[Random.Next(_gateways.Count)];

    /// <summary>A hub that takes sessions; null while there is none.</summary>
    public SimulatedHub? AnyHub()
    {
        var ready = _hubs.Where(hub => hub.IsReady && !hub.IsFrozen).ToList();
        return ready.Count == 0 ? null : ready[Random.Next(ready.Count)];
    }

    /// <summary>A key; v2: a directory, or a file in one, either of them hidden at times.</summary>
    public string AnyKey()
    {
        if (Profile.Space == KeySpace.V3)
            return $"k{Random.Next(Profile.Keys)}";
        var directory = $"/{AnyMark()}d{Random.Next(2)}";
        return Random.Next(3) == 0 ? directory : $"{directory}/{AnyMark()}f{Random.Next(Profile.Keys)}";

        string AnyMark() => Random.Next(4) == 0 ? "_" : "";
    }

    /// <summary>v2: it is the path of a directory.</summary>
    public bool IsDirectory(string key) => Profile.Space == KeySpace.V2 && key.LastIndexOf('/') == 0;

    public void CheckRecord(WatchRecord record)
    {
        var violation = Guarantees.Violation(record, Store.History);
        Check.That(violation is null, $"{violation}");
    }

    public override string ToString() =>
        $"{Store.History.Last} revisions, {_clients.Sum(client => client.Records.Count)} watches, {Counts.Sessions} sessions, {Counts.Histories} histories, {Counts.FeedsLost} feeds lost, "
        + $"{Counts.Moves} moves, {Counts.Compacted} watches compacted, {Counts.Fragments} fragments, {Counts.Bookmarks} bookmarks";

    private void Recover()
    {
        Trace($"calm");
        IsCalm = true;
        foreach (var hub in _hubs)
        {
            hub.Thaw();
            hub.Start();
        }
        var last = Store.History.Last;
        var (reached, deadline) = (-1L, 0L);
        while (Behind(last) is { } behind)
        {
            // What a watch has come to never falls, and watches are not made any more.
            if (_clients.Sum(client => client.Living.Sum(record => record.Next ?? 0) + client.Records.Count(record => record.IsCanceled)) is var now && now != reached)
                (reached, deadline) = (now, Scheduler.Now + LongestPause);
            Check.That(Scheduler.Now < deadline, $"liveness: {behind} has come to {behind.Next} of {last}, and nothing more comes though faults have stopped");
            // Who waits for a revision to come keeps its whole stream from hearing of progress, as with etcd: so some more come.
            if (Store.History.Last < last + LaterRevisions)
                Store.Write([(AnyKey(), "later")]);
            foreach (var client in _clients)
                client.AskProgress();
            Scheduler.RunTo(Scheduler.Now + 100);
        }
        foreach (var client in _clients)
        {
            foreach (var living in client.Living)
                living.CompleteUpTo = last;
            client.Records.ForEach(CheckRecord);
        }
    }

    // Who was told that it has everything.
    private WatchRecord? Behind(long last) => _clients.SelectMany(client => client.Living).FirstOrDefault(record => record.Next is not { } next || next <= last);
}
