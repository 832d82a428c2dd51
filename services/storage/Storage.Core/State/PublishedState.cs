namespace Storage.Core.State;

/// <summary>The newest view. The owner of the state machine swaps it; any thread reads it.</summary>
public sealed class PublishedState(StateView initial)
{
    private StateView _current = initial;

    public StateView Current
    {
        get => Volatile.Read(ref _current);
        set => Volatile.Write(ref _current, value);
    }
}
