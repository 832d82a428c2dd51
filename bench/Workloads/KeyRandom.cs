namespace Bench.Workloads;

/// <summary>A small fast generator (xorshift64*); the same seed gives both servers the same keys.</summary>
internal struct KeyRandom(ulong seed)
{
    private ulong _state = seed | 1;

    /// <summary>A number in [0, <paramref name="bound"/>).</summary>
    public int Next(int bound)
    {
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return (int)(((_state * 2685821657736338717UL) >> 32) * (ulong)bound >> 32);
    }
}
