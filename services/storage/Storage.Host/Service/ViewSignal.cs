using Storage.Core.State;

namespace Storage.Host.Service;

/// <summary>Tells feeds that a newer view is published. Costs the apply loop one exchange when nobody waits.</summary>
internal sealed class ViewSignal(PublishedState state)
{
    private TaskCompletionSource? _next;

    /// <summary>Completes when a view newer than <paramref name="seen"/> is published.</summary>
    public async ValueTask WaitAsync(StateView seen, CancellationToken cancellation)
    {
        while (state.Current == seen)
        {
            var next = Volatile.Read(ref _next);
            if (next is null)
            {
                var fresh = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                next = Interlocked.CompareExchange(ref _next, fresh, null) ?? fresh;
            }
            // Published between the first look and now? Then nobody may be about to set this one.
            if (state.Current != seen)
                return;
            await next.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Called after a view was published.</summary>
    public void Set() => Interlocked.Exchange(ref _next, null)?.TrySetResult();
}
