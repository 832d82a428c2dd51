namespace Storage.Contracts;

/// <summary>
/// Where small things that stay in memory for a while are written: side by side in slabs, so that the garbage collector has one object to follow
/// for some hundred of them. A slab is freed when nothing points into it any more. Single owner; what was handed out never changes.
/// </summary>
public sealed class SlabArena
{
    // Below the large-object threshold: a slab is moved through the generations like any young object, at the cost of a copy.
    private const int SlabBytes = 64 * 1024;

    // What is larger gets an array of its own: at most an eighth of a slab is left unused.
    private const int MaxSharedBytes = SlabBytes / 8;

    private byte[] _slab = [];
    private int _used;

    /// <summary>Room for so many bytes, for the caller to fill at once.</summary>
    public Memory<byte> Take(int bytes)
    {
        if (bytes > MaxSharedBytes)
            return GC.AllocateUninitializedArray<byte>(bytes);
        if (bytes > _slab.Length - _used)
            (_slab, _used) = (GC.AllocateUninitializedArray<byte>(SlabBytes), 0);
        var memory = _slab.AsMemory(_used, bytes);
        _used += bytes;
        return memory;
    }
}
