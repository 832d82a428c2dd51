namespace ApiGateway.Host.Limits;

/// <summary>How much of something clients may make a gateway keep at one time; within a larger room, if there is one. Thread-safe.</summary>
/// <param name="most">That much; below 1 is no room at all.</param>
/// <param name="where">For whoever is refused: whose room it is, such as "this stream".</param>
/// <param name="within">What is taken here is taken there too.</param>
internal sealed class Room(long most, string where, Room? within = null)
{
    private long _taken;

    public long Most => most;

    public string Where => where;

    /// <summary>Takes it here and in what is around, or nowhere; then hands out which of them is full.</summary>
    public bool TryTake(long amount, out Room? full)
    {
        full = null;
        if (Interlocked.Add(ref _taken, amount) > most)
            full = this;
        else if (within is null || within.TryTake(amount, out full))
            return true;
        Interlocked.Add(ref _taken, -amount);
        return false;
    }

    public void GiveBack(long amount)
    {
        if (amount == 0)
            return;
        if (Interlocked.Add(ref _taken, -amount) < 0)
            throw new InvalidOperationException($"more was given back to the room of {where} than was taken of it");
        within?.GiveBack(amount);
    }
}
