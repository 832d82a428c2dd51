namespace Simulation.World;

/// <summary>Virtual time: what is to happen, in order; at one moment in the order in which it was asked for.</summary>
internal sealed class Scheduler
{
    private readonly PriorityQueue<Action, (long Time, long Order)> _queue = new();
    private long _order;

    public long Now { get; private set; }

    public void After(long delay, Action what) => _queue.Enqueue(what, (Now + Math.Max(0, delay), _order++));

    /// <summary>Lets happen what happens up to <paramref name="time"/>.</summary>
    public void RunTo(long time)
    {
        while (_queue.TryPeek(out _, out var next) && next.Time <= time)
        {
            var what = _queue.Dequeue();
            Now = next.Time;
            what();
        }
        Now = time;
    }
}
