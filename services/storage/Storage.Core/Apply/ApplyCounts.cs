using Storage.Core.V2;

namespace Storage.Core.Apply;

/// <summary>
/// What commands did since this replica was opened, counted as etcd counts it for its metrics: operations, found or not, inside transactions or by themselves.
/// No part of the state. Written by the owner of the state machine, read by anybody.
/// </summary>
/// <remarks>etcd takes everything of more than one operation for a transaction: a put that returns the previous value is one, a Txn that puts one key is none.</remarks>
public sealed class ApplyCounts
{
    private long _puts, _putBytes, _deletes, _ranges, _transactions, _granted, _revoked;

    // Operations of the transaction under way.
    private long _operations;

    /// <summary>Of the v2 tree.</summary>
    public V2Tally V2 { get; } = new();

    public long Puts => Volatile.Read(ref _puts);

    /// <summary>Of keys and values put.</summary>
    public long PutBytes => Volatile.Read(ref _putBytes);

    /// <summary>Ranges deleted, whatever was in them.</summary>
    public long Deletes => Volatile.Read(ref _deletes);

    /// <summary>Ranges read by commands, and compares.</summary>
    public long Ranges => Volatile.Read(ref _ranges);

    public long Transactions => Volatile.Read(ref _transactions);

    public long LeasesGranted => Volatile.Read(ref _granted);

    /// <summary>Ended, by whatever.</summary>
    public long LeasesRevoked => Volatile.Read(ref _revoked);

    /// <summary>Hears the TTL in seconds of each lease granted.</summary>
    public Action<long>? OnGranted { get; set; }

    internal void Begin() => _operations = 0;

    internal void End()
    {
        if (_operations > 1)
            Add(ref _transactions, 1);
        _operations = 0;
    }

    internal void Put(int bytes)
    {
        _operations++;
        Add(ref _puts, 1);
        Add(ref _putBytes, bytes);
    }

    internal void Delete()
    {
        _operations++;
        Add(ref _deletes, 1);
    }

    internal void Range(int count = 1)
    {
        _operations += count;
        Add(ref _ranges, count);
    }

    internal void Granted(long ttlSeconds)
    {
        Add(ref _granted, 1);
        OnGranted?.Invoke(ttlSeconds);
    }

    internal void Revoked() => Add(ref _revoked, 1);

    private static void Add(ref long count, long by) => Volatile.Write(ref count, count + by);
}
