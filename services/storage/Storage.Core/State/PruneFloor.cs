namespace Storage.Core.State;

/// <summary>
/// The revision below which compaction may already have removed things. A reader that works at a revision reads first and looks
/// here afterwards: a floor above its revision means that what it read may have holes, and it starts again on the newest view.
/// </summary>
/// <remarks>The owner raises the floor before it removes anything, and only after the compaction is in a published view.</remarks>
public sealed class PruneFloor
{
    private long _revision = -1;

    public long Revision
    {
        get => Volatile.Read(ref _revision);
        set => Volatile.Write(ref _revision, value);
    }
}
