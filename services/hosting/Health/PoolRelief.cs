namespace Hosting.Health;

/// <summary>
/// Decides how many threads the pool may have without waiting for the runtime to add them. Calls that block, as the lookup of a name that no server answers does for five
/// seconds, soon hold all the threads of a small machine, and the runtime makes one up every half second only. It is told the time and never asks.
/// </summary>
internal sealed class PoolRelief
{
    // What waits behind blocked threads may block as well.
    private const int Step = 4;

    // Whatever blocks so many is not to be cured by more of them.
    private const int Most = 64;

    // What has blocked once does so again: a name that is tried until it is back.
    private static readonly TimeSpan s_keep = TimeSpan.FromMinutes(1);

    private readonly int _least;
    private int _granted;
    private TimeSpan _heldUpAt;

    /// <param name="least">The number without any need.</param>
    public PoolRelief(int least) => _least = _granted = least;

    /// <summary>The number from now on.</summary>
    /// <param name="isHeldUp">Work has waited for a thread, and still does.</param>
    /// <param name="threads">How many there are.</param>
    /// <param name="now">The time, of any origin.</param>
    public int MinThreads(bool isHeldUp, int threads, TimeSpan now)
    {
        if (isHeldUp)
        {
            _heldUpAt = now;
            // Otherwise they are about to come.
            if (threads >= _granted)
                _granted = Math.Min(threads + Step, Math.Max(_least, Most));
        }
        else if (now - _heldUpAt >= s_keep)
        {
            _granted = _least;
        }
        return _granted;
    }
}
