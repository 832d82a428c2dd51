namespace Storage.Core.Keys;

/// <summary>
/// Where one piece of work goes on while its owner does something else: a thread of the shell's, or the owner itself. What comes out is the same.
/// </summary>
public interface IBatchWorker
{
    /// <summary>Begins a piece of work. The one before must have been waited for.</summary>
    void Begin(Action work);

    /// <summary>Returns when the work is done; throws what it threw.</summary>
    void Wait();
}

/// <summary>Does the work at once, on the caller's thread.</summary>
public sealed class InlineWorker : IBatchWorker
{
    public void Begin(Action work) => work();

    public void Wait()
    {
    }
}
