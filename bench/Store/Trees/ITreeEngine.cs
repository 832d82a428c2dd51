namespace Bench.Store.Trees;

/// <summary>An ordered store in a directory, as the comparison of trees uses it.</summary>
internal interface ITreeEngine : IDisposable
{
    /// <summary>Writes keys in one durable transaction: when this returns, the batch survives a crash.</summary>
    /// <param name="keys">In ascending order behind all there are when <paramref name="isAppend"/>.</param>
    /// <param name="value">Of each key.</param>
    /// <param name="isAppend">The engine may use what it has for that.</param>
    void Put(IReadOnlyList<byte[]> keys, byte[] value, bool isAppend);

    /// <summary>Reads keys that exist, in one read transaction; the sum of each value's first byte.</summary>
    long Get(IReadOnlyList<byte[]> keys);

    /// <summary>Walks all keys in order in one read transaction; their number, and the bytes of keys and values, each value's last byte having been looked at.</summary>
    (long Keys, long Bytes) Scan();
}
