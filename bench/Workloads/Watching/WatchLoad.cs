using System.Diagnostics;
using Bench.Measure;

namespace Bench.Workloads.Watching;

/// <summary>
/// Writers and watchers. Fan-out: one key, one writer, every watcher on that key. Prefix: the same, of a prefix with a thousand keys. Keys: as many keys as watchers, the
/// clients share the keys out among them.
/// </summary>
/// <remarks>
/// Without a fixed rate the writers go as fast as events arrive: they pause while more than a bound of events is on its way, so the
/// server is saturated but its queues stay finite. At the end every event of every put must have arrived at every watcher.
/// </remarks>
internal sealed class WatchLoad : IWorkload
{
    public const byte Family = (byte)'v';

    // At most this many puts of the fan-out's one key are on their way to watchers, and events of the many keys.
    private const int MaxPutsAhead = 8;
    private const int MaxEventsAhead = 2_000;
    private const int KeysOfPrefix = 1_000;

    private readonly LatencyRecorder _recorder;
    private readonly ErrorLog _errors;
    private readonly List<WatchStream> _streams = [];
    private readonly List<SlowWatch> _slow = [];
    private readonly List<WatchWriter> _writers = [];
    private readonly Queue<WatchWriter> _paused = [];
    private readonly int _watchers;
    private readonly long _maxEventsAhead;
    private readonly long _intervalTicks;
    private int _created;
    private int _putsInFlight;
    private long _eventsAhead;
    private long _nextDue = long.MaxValue;
    private bool _isRunning;

    // When the put that waits for its predecessor's answer was due; 0 when none waits.
    private long _lateDue;

    public WatchLoad(LoadContext context)
    {
        var options = context.Options;
        if (options.ValueBytes < WatchPayload.Bytes)
            throw new BenchException($"watch loads need values of at least {WatchPayload.Bytes} bytes");
        var isFanout = options.Workload is WorkloadKind.WatchFanout or WorkloadKind.WatchPrefix;
        _recorder = context.Recorder;
        _errors = context.Errors;
        _watchers = options.Watchers;
        _maxEventsAhead = isFanout ? (long)MaxPutsAhead * _watchers : MaxEventsAhead;
        _intervalTicks = options.PutsPerSecond > 0 ? (long)(Stopwatch.Frequency / options.PutsPerSecond) : 0;

        WatchedKey[] keys = isFanout
            ? [new WatchedKey(0, _watchers, options.Workload == WorkloadKind.WatchPrefix ? KeysOfPrefix : 1)]
            : [.. Enumerable.Range(1, _watchers).Select(n => new WatchedKey(n, watchers: 1))];
        var streams = context.StreamConnections.Count;
        for (var n = 0; n < streams; n++)
        {
            WatchedKey[] watched = [.. Enumerable.Range(0, _watchers).Where(w => w % streams == n).Select(w => keys[w % keys.Length])];
            _streams.Add(new WatchStream(this, context.StreamConnections[n], watched));
        }
        _slow.AddRange(context.SlowConnections.Select((connection, n) => new SlowWatch(this, connection, keys[n % keys.Length])));
        var writers = isFanout ? 1 : Math.Min(options.Clients, keys.Length);
        for (var n = 0; n < writers; n++)
        {
            WatchedKey[] written = [.. keys.Where((_, i) => i % writers == n)];
            _writers.Add(new WatchWriter(this, context.ConnectionOf(n), written, options.ValueBytes));
        }
    }

    public bool IsPrepared => _created == _watchers + _slow.Count;

    public bool IsIdle => _putsInFlight == 0 && _eventsAhead == 0;

    public string Missing => $"{_watchers + _slow.Count - _created} watchers, {_putsInFlight} answers, {_eventsAhead} events";

    public long NextDue => _nextDue;

    public void Prepare()
    {
        foreach (var stream in _streams)
            stream.Open();
        foreach (var slow in _slow)
            slow.Open();
    }

    public void Start()
    {
        _isRunning = true;
        if (_intervalTicks > 0)
        {
            _nextDue = Stopwatch.GetTimestamp();
            return;
        }
        foreach (var writer in _writers)
            writer.Put();
    }

    public void Stop()
    {
        _isRunning = false;
        _nextDue = long.MaxValue;
        _paused.Clear();
    }

    /// <summary>The next put of a fixed rate is due; while the last one is unanswered it waits, and counts from when it was due.</summary>
    public void OnDue()
    {
        if (_writers[0].IsBusy)
        {
            _lateDue = _nextDue;
            _nextDue = long.MaxValue;
            return;
        }
        _nextDue += _intervalTicks;
        _writers[0].Put();
    }

    internal void OnWatcherCreated() => _created++;

    internal void OnPutSent(int watchers)
    {
        _putsInFlight++;
        _eventsAhead += watchers;
    }

    internal void OnPutDone(WatchWriter writer)
    {
        _putsInFlight--;
        if (!_isRunning)
            return;
        if (_intervalTicks > 0)
            PutLate(writer);
        else if (_eventsAhead < _maxEventsAhead)
            writer.Put();
        else
            _paused.Enqueue(writer);
    }

    internal void OnDelivered(long sentTicks)
    {
        _recorder.Record(sentTicks);
        _eventsAhead--;
        if (_intervalTicks == 0 && _eventsAhead < _maxEventsAhead && _paused.TryDequeue(out var writer))
            writer.Put();
    }

    private void PutLate(WatchWriter writer)
    {
        if (_lateDue == 0)
            return;
        var due = _lateDue;
        _lateDue = 0;
        _nextDue = due + _intervalTicks;
        writer.Put(due);
    }

    internal void Fail(string message) => _errors.Add(message);
}
