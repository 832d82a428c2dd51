using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hosting.Health;

/// <summary>
/// Tells of times in which the process did not come to run, or its thread pool did not: whoever looks for the cause of a slow request then knows that it was neither the
/// disk nor the other members, and by the garbage collector's share and the processor time used whether it was the process itself or its machine. A pool that is held up gets
/// more threads at once (<see cref="PoolRelief"/>).
/// </summary>
internal sealed class HoldUpWatch(ILogger<HoldUpWatch> logger) : IHostedService, IDisposable, IThreadPoolWorkItem
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    // Shorter ones are everyday on a busy machine, and two heartbeats are not missed by them.
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(200);

    // Without spinning: it is waited for in vain ten times a second.
    private readonly ManualResetEventSlim _stopping = new(initialState: false, spinCount: 0);
    private readonly HoldUpReports _ofThread = new(s_limit);
    private readonly HoldUpReports _ofPool = new(s_limit);
    private readonly PoolRelief _relief = new(LeastThreads());
    private int _minThreads = LeastThreads();
    private Thread? _thread;
    private long _queued;
    private long _ran;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _thread = new Thread(Watch) { IsBackground = true, Name = "hold-up watch" };
        _thread.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping.Set();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _stopping.Set();
        _thread?.Join();
        _stopping.Dispose();
    }

    void IThreadPoolWorkItem.Execute() => Volatile.Write(ref _ran, Stopwatch.GetTimestamp());

    private void Watch()
    {
        Queue();
        var slept = Now();
        while (!_stopping.Wait(s_interval))
        {
            var now = Now();
            if (_ofThread.Ended(Stopwatch.GetElapsedTime(slept.At, now.At) - s_interval) is { } late)
                HostingLog.ProcessHeldUp(logger, late.TotalMilliseconds, (now.Paused - slept.Paused).TotalMilliseconds, (now.Worked - slept.Worked).TotalMilliseconds);
            slept = now;
            var ran = Volatile.Read(ref _ran);
            if ((ran == 0 ? _ofPool.GoesOn(Stopwatch.GetElapsedTime(_queued, now.At)) : _ofPool.Ended(Stopwatch.GetElapsedTime(_queued, ran))) is { } waited)
                HostingLog.PoolHeldUp(logger, waited.TotalMilliseconds, ThreadPool.ThreadCount, ThreadPool.PendingWorkItemCount);
            Relieve(isHeldUp: ran == 0, Stopwatch.GetElapsedTime(0, now.At));
            if (ran != 0)
                Queue();
        }
    }

    private void Relieve(bool isHeldUp, TimeSpan now)
    {
        var wanted = _relief.MinThreads(isHeldUp, ThreadPool.ThreadCount, now);
        // Once for each decision: where a setting of the runtime says how many, it stays at that, and saying so ten times a second is of no use.
        if (wanted == _minThreads)
            return;
        _minThreads = wanted;
        ThreadPool.GetMinThreads(out _, out var completions);
        if (ThreadPool.SetMinThreads(wanted, completions))
            HostingLog.PoolRelieved(logger, wanted);
    }

    private static int LeastThreads()
    {
        ThreadPool.GetMinThreads(out var workers, out _);
        return workers;
    }

    private void Queue()
    {
        _ran = 0;
        _queued = Stopwatch.GetTimestamp();
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private static (long At, TimeSpan Paused, TimeSpan Worked) Now() => (Stopwatch.GetTimestamp(), GC.GetTotalPauseDuration(), Environment.CpuUsage.TotalTime);
}
