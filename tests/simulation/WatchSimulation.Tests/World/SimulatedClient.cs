using ApiGateway.Core.Watching;
using Simulation.Checks;
using Storage.Contracts;
using WatchGuarantees.Checking;
using WatchGuarantees.History;

namespace WatchSimulation.World;

/// <summary>A client with one watch stream; when that ends, it opens another, at any gateway, and its watches behind what they heard, as etcd's client library does.</summary>
internal sealed class SimulatedClient(SimulatedWorld world, int number)
{
    private readonly Dictionary<long, WatchRecord> _watches = [];

    // What the gateway had answered already when the watch was opened: "now" is not before.
    private readonly Dictionary<long, long> _seenAtOpening = [];
    private GatewayStream? _stream;
    private long _nextId;

    public int Number { get; } = number;

    public GatewayStream? Stream => _stream;

    /// <summary>Every watch it ever had.</summary>
    public List<WatchRecord> Records { get; } = [];

    /// <summary>Watches that were not cancelled.</summary>
    public IEnumerable<WatchRecord> Living => _watches.Values;

    public void Start() => Open();

    public void Create()
    {
        var random = world.Random;
        var isPath = world.Profile.Space == KeySpace.V2;
        var key = isPath && random.Next(4) == 0 ? "/" : world.AnyKey();
        var last = world.Store.History.Last;
        var scope = isPath ? new WatchScope(key, random.Next(2) == 0 ? "" : "\0", IsPath: true) : new WatchScope(
            key, random.Next(4) switch { 0 => "", 1 => "\0", 2 => "l", _ => key + "~" }, random.Next(2) == 0, random.Next(6) == 0, random.Next(6) == 0, random.Next(3) == 0);
        // Now, in the past, at the very place of compaction, in the future.
        var start = random.Next(5) switch
        {
            0 or 1 => 0,
            2 => Math.Max(1, last - random.Next(40)),
            3 => Math.Max(1, world.Store.History.Compacted - 1 + random.Next(3)),
            _ => last + random.Next(10),
        };
        if (isPath)
        {
            if (_stream is not null)
                OpenPath(scope, start);
            return;
        }
        var record = Record(scope);
        Open(_nextId, record, start);
    }

    private WatchRecord Record(WatchScope scope)
    {
        var record = new WatchRecord($"{Number}.{++_nextId}", scope);
        _watches.Add(_nextId, record);
        Records.Add(record);
        return record;
    }

    // A v2 watch is a request: its answer tells at once where the store is, and whoever asks again asks for another.
    private void OpenPath(WatchScope scope, long start)
    {
        var began = _stream!.Gateway.Seen.Revision;
        var record = Record(scope with { LiveAfter = began });
        Open(_nextId, record, start == 0 ? began + 1 : start);
    }

    public void Cancel()
    {
        if (_watches.Count == 0 || _stream is null)
            return;
        var id = _watches.Keys.ElementAt(world.Random.Next(_watches.Count));
        _stream.Handle(new WatchCommand { Kind = WatchCommandKind.Cancel, WatchId = id });
    }

    public void AskProgress() => _stream?.Handle(new WatchCommand { Kind = WatchCommandKind.Progress });

    /// <summary>The gateway is gone, and the stream with it.</summary>
    public void StreamEnded()
    {
        world.Trace($"the stream of client {Number} ends");
        _stream?.End();
        _stream = null;
        Open();
    }

    public void Hear(in WatchReply reply)
    {
        if (reply.WatchId == WatchReply.NoWatch)
        {
            Check.That(!reply.Created, $"a watch was refused: {reply.CancelReason}");
            world.Counts.Bookmarks++;
            var bookmark = new WatchResponse(ResponseKind.Progress, reply.Revision);
            // v2 has no progress; here it tells when everything has come, and a hub that is behind the one before says less than what the watch has heard.
            foreach (var created in _watches.Values.Where(record => record.Openings[^1].Responses is [.., var last] && !(record.Scope.IsPath && bookmark.Revision < last.Revision)))
                Add(created, bookmark);
            return;
        }
        Check.That(_watches.TryGetValue(reply.WatchId, out var watch), $"client {Number} has no watch {reply.WatchId}: {reply}");
        if (reply.Created)
            Check.That(reply.Revision >= _seenAtOpening[reply.WatchId], $"{watch} was created at {reply.Revision}, and its gateway had seen {_seenAtOpening[reply.WatchId]}");
        Add(watch!, Decode(reply, watch!.Scope.IsPath));
        if (reply.Canceled)
            _watches.Remove(reply.WatchId);
        if (reply.CompactRevision > 0)
            world.Counts.Compacted++;
        if (reply.Fragment)
            world.Counts.Fragments++;
    }

    private void Add(WatchRecord record, WatchResponse response)
    {
        world.Trace($"watch {record.Name} hears {response}");
        record.Openings[^1].Responses.Add(response);
        if (world.Profile.ChecksEveryStep)
            world.CheckRecord(record);
    }

    private static WatchResponse Decode(in WatchReply reply, bool isPath)
    {
        if (reply.Created)
            return new WatchResponse(ResponseKind.Created, reply.Revision);
        if (reply.Canceled)
            return new WatchResponse(ResponseKind.Canceled, reply.Revision, [], CompactRevision: reply.CompactRevision);
        if (reply.Events.IsEmpty)
            return new WatchResponse(ResponseKind.Progress, reply.Revision);
        if (isPath)
            return new WatchResponse(ResponseKind.Events, reply.Revision, [StoreLog.Decode(EtcdApi.Mvccpb.Event.Parser.ParseFrom(reply.Events.Span))], reply.Fragment);
        var events = EtcdApi.Etcdserverpb.WatchResponse.Parser.ParseFrom(reply.Events.Span).Events;
        return new WatchResponse(ResponseKind.Events, reply.Revision, [.. events.Select(StoreLog.Decode)], reply.Fragment);
    }

    private void Open() => world.Scheduler.After(1 + world.Random.Next(20), () =>
    {
        _stream = new GatewayStream(world, world.AnyGateway(), this);
        if (world.Profile.Space == KeySpace.V2)
        {
            var asked = _watches.Values.ToList();
            _watches.Clear();
            foreach (var record in asked)
                OpenPath(record.Scope, record.Next!.Value);
            return;
        }
        foreach (var (id, record) in _watches)
        {
            var before = record.Openings[^1];
            // A create that was never answered was never there.
            if (before.Responses.Count == 0)
                record.Openings.Remove(before);
            Open(id, record, record.Next ?? before.StartRevision);
        }
    });

    private void Open(long id, WatchRecord record, long start)
    {
        record.Openings.Add(new WatchOpening(start));
        world.Trace($"client {Number} opens {record} at {start}");
        if (_stream is null)
            return;
        var scope = record.Scope;
        _seenAtOpening[id] = _stream.Gateway.Seen.Revision;
        _stream.Handle(new WatchCommand(
            WatchCommandKind.Create, id, Bytes(scope.Key), Bytes(scope.RangeEnd), start, ProgressNotify: id % 2 == 0, scope.NoPut, scope.NoDelete,
            scope.PreviousValue, scope.Fragment));
    }

    private static ReadOnlyMemory<byte> Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
