using System.Diagnostics;
using System.Runtime.InteropServices;
using Consensus.Contracts;
using Storage.Contracts;
using WatchHub.Core;
using WatchHub.Core.Sessions;
using WatchHub.Host.Sessions;

namespace WatchHub.Host.Spaces;

/// <summary>
/// Owns the core of one key space. Inputs are queued; whoever finds the core idle takes the turn, so there is one owner at a time. The feed
/// takes its turns on its own thread: an event crosses the hub without changing threads.
/// </summary>
/// <remarks>
/// The queue is bounded by its sources: a few feed batches (<see cref="FeedRoom"/>), the requests that a session has room for or resumes, one
/// answer per history request, one tick.
/// </remarks>
internal sealed class HubSpace : IThreadPoolWorkItem
{
    public const string ActivitySourceName = "Distributed.WatchHub";

    // A turn ends after so many looked-at revisions of catch-up, so that live events never wait for long.
    private const int CatchUpRevisionsPerTurn = 4096;
    private const int FeedBatchesPending = 8;

    private static readonly ActivitySource Source = new(ActivitySourceName);

    private readonly HubCore _core;
    private readonly KeySpace _space;
    private readonly HistoryReader _history;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly List<HistoryRequest> _requests = [];
    private List<HubInput> _inbox = [];
    private List<HubInput> _turn = [];

    // Under _gate: someone has the turn, or is on the way to it.
    private bool _running;
    private bool _tickPending;
    private bool _broken;
    private int _progressWatchers;

    public HubSpace(KeySpace space, IStorage storage, WatchHubOptions options, TimeProvider time, ILogger logger, CancellationToken stopping)
    {
        (_space, _time, _logger) = (space, time, logger);
        _core = new HubCore(space, options.Limits);
        _history = new HistoryReader(space, storage, options, time, logger, stopping);
    }

    /// <summary>Room for feed batches: taken before one is posted, given back when it has been applied.</summary>
    public SemaphoreSlim FeedRoom { get; } = new(FeedBatchesPending, FeedBatchesPending);

    /// <summary>Completes with the exception that broke the core, if ever.</summary>
    public TaskCompletionSource Broken { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The watches here. See <see cref="HubCore.Watchers"/>.</summary>
    public (int Watchers, int Behind, long Events) Figures => (_core.Watchers, _core.Behind, _core.Events);

    public bool WantsTicks => Volatile.Read(ref _progressWatchers) > 0;

    /// <summary>Queues an input; the turn is taken on the thread pool.</summary>
    public void Post(in HubInput input)
    {
        if (Enqueue(input))
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Queues an input and takes the turn at once, on this thread, unless someone else has it.</summary>
    public void PostAndRun(in HubInput input)
    {
        if (Enqueue(input))
            Run();
    }

    public void PostTick()
    {
        lock (_gate)
        {
            if (_tickPending)
                return;
            _tickPending = true;
        }
        Post(new HubInput(HubInputKind.Tick));
    }

    void IThreadPoolWorkItem.Execute() => Run();

    private bool Enqueue(in HubInput input)
    {
        lock (_gate)
        {
            if (_broken)
                return false;
            _inbox.Add(input);
            if (_running)
                return false;
            _running = true;
            return true;
        }
    }

    private void Run()
    {
        try
        {
            while (TakeInputs())
                Turn();
        }
#pragma warning disable CA1031 // Whatever it is, the core's state can no longer be trusted: the service ends all sessions and stops.
        catch (Exception broken)
#pragma warning restore CA1031
        {
            Log.HubBroken(_logger, _space, broken);
            lock (_gate)
                _broken = true;
            Broken.TrySetException(broken);
        }
    }

    private bool TakeInputs()
    {
        lock (_gate)
        {
            if (_inbox.Count == 0 && !_core.HasCatchUpWork)
            {
                _running = false;
                return false;
            }
            (_inbox, _turn) = (_turn, _inbox);
            return true;
        }
    }

    private void Turn()
    {
        foreach (ref readonly var input in CollectionsMarshal.AsSpan(_turn))
            Handle(input);
        _turn.Clear();
        _core.CatchUp(CatchUpRevisionsPerTurn);
        Volatile.Write(ref _progressWatchers, _core.ProgressWatchers);
        Deliver();
        _core.TakeHistoryRequests(_requests);
        foreach (var request in _requests)
            _history.Read(request, this);
        _requests.Clear();
    }

    private void Handle(in HubInput input)
    {
        switch (input.Kind)
        {
            case HubInputKind.Feed:
                Apply(input.Batch!);
                FeedRoom.Release();
                break;
            case HubInputKind.FeedLost:
                _core.FeedLost();
                break;
            case HubInputKind.Open:
                input.Session!.Attach(_space, _core.OpenSession(input.Session, Now, input.Jitter));
                break;
            case HubInputKind.Close:
                _core.CloseSession(input.Session!.In(_space));
                break;
            case HubInputKind.Create:
                input.Session!.RequestTaken(input);
                _core.Create(input.Session.In(_space), input.Spec!);
                break;
            case HubInputKind.Cancel:
                input.Session!.RequestTaken(input);
                _core.Cancel(input.Session.In(_space), input.Number);
                break;
            case HubInputKind.Progress:
                input.Session!.RequestTaken(input);
                _core.RequestProgress(input.Session.In(_space));
                break;
            case HubInputKind.Drained:
                _core.Drained(input.Session!.In(_space), (int)input.Number, input.Bytes);
                break;
            case HubInputKind.History:
                _core.HistoryArrived(input.Request!, input.History!);
                break;
            case HubInputKind.Tick:
                lock (_gate)
                    _tickPending = false;
                _core.Tick(Now);
                break;
        }
    }

    private TimeSpan Now => _time.GetElapsedTime(0);

    private void Apply(FeedBatch batch)
    {
        for (var i = 0; i < batch.Revisions.Count; i++)
            Apply(batch.Revisions[i], batch.Term);
        _core.Advance(batch.CurrentRevision, batch.CompactRevision, batch.Term);
    }

    private void Apply(RevisionEvents revision, Term term)
    {
        if (!revision.Trace.TraceFlags.HasFlag(ActivityTraceFlags.Recorded))
        {
            _core.Apply(revision, term, trace: default);
            return;
        }
        using var span = Source.StartActivity("watch.fanout", ActivityKind.Internal, revision.Trace);
        span?.SetTag("etcd.revision", revision.Revision);
        _core.Apply(revision, term, span?.Context ?? revision.Trace);
    }

    // One wake-up per session and turn, however many messages.
    private void Deliver()
    {
        foreach (var session in _core.DirtySessions)
        {
            var owner = (WatchHubSession)session.Owner!;
            owner.Deliver(CollectionsMarshal.AsSpan(session.Staged));
            session.ClearStaged();
            if (session.IsFailed)
            {
                Log.SessionFailed(_logger);
                owner.End();
            }
        }
        _core.DirtySessions.Clear();
    }
}
