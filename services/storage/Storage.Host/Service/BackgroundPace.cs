namespace Storage.Host.Service;

/// <summary>
/// Keeps work in the background from being felt by applies: between two steps under the owner's lock it lets through whoever waits, and while writes come
/// in it rests so much longer than it worked that it takes a quarter of the time at most.
/// </summary>
internal sealed class BackgroundPace(StateOwner owner, TimeProvider time)
{
    private const int RestPerWork = 3;

    // Timers know no shorter wait.
    private static readonly TimeSpan s_shortestRest = TimeSpan.FromMilliseconds(1);

    // Without an apply for so long, nobody is there to be disturbed.
    private static readonly TimeSpan s_idleAfter = TimeSpan.FromMilliseconds(100);

    /// <summary>To be awaited after each step, without the lock.</summary>
    /// <param name="worked">How long the step held the lock.</param>
    /// <param name="stopping">Ends the rest.</param>
    public async ValueTask RestAsync(TimeSpan worked, CancellationToken stopping)
    {
        if (owner.SinceApply < s_idleAfter)
        {
            var rest = worked * RestPerWork;
            await Task.Delay(rest > s_shortestRest ? rest : s_shortestRest, time, stopping).ConfigureAwait(false);
        }
        stopping.ThrowIfCancellationRequested();
        // Nobody holds the lock for long, so this is over as soon as the apply's thread runs.
        do
            await Task.Yield();
        while (owner.IsApplyWaiting);
    }
}
