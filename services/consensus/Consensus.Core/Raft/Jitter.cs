namespace Consensus.Core.Raft;

/// <summary>A deterministic sequence of numbers for election timeouts (SplitMix64).</summary>
internal struct Jitter(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Next number in [0, <paramref name="bound"/>).</summary>
    public int Below(int bound)
    {
        _state += 0x9E3779B97F4A7C15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        z ^= z >> 31;
        return (int)(z % (ulong)bound);
    }
}
