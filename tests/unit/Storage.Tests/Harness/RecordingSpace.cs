using Storage.Core.Tree;

namespace Storage.Tests.Harness;

/// <summary>A file that is as short as it can be, and notes when it was asked to become so.</summary>
internal sealed class RecordingSpace : ITreeSpace
{
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isTight;

    /// <summary>Completes when it is asked for all that can be returned.</summary>
    public Task Asked => _asked.Task;

    public bool IsTight
    {
        get => _isTight;
        set
        {
            _isTight = value;
            if (value)
                _asked.TrySetResult();
        }
    }

    public bool WantsCommit => false;

    public long UsedPages => 2;

    public ITailScan? BeginMoving() => null;

    public int Move(in LeafPlace place, long end) => throw new NotSupportedException();

    public void NoteStuck() => throw new NotSupportedException();
}
