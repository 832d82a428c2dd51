namespace WatchHub.Messages;

/// <summary>A key was written or deleted. Bytes are base64 in JSON.</summary>
public sealed record KeyChanged : StoreMessage
{
    /// <summary>Revision of the change. A revision changes a key at most once; several keys may share one, when a transaction or the end of a lease changed them.</summary>
    public long Revision { get; init; }

    public byte[] Key { get; init; } = [];

    /// <summary>True: the key is gone, and there is no value.</summary>
    public bool Deleted { get; init; }

    /// <summary>The new value; empty for a deleted key, and where it was left out.</summary>
    public byte[] Value { get; init; } = [];

    /// <summary>True: the value was too large for the broker and is not in the message. Only in the dead-letter queue.</summary>
    public bool ValueLeftOut { get; init; }

    /// <summary>Length of the value in the store, in bytes.</summary>
    public int ValueBytes { get; init; }

    /// <summary>Revision at which the key was created; 0 for a deleted one.</summary>
    public long CreateRevision { get; init; }

    /// <summary>Writes since it was created, that one included; 0 for a deleted one.</summary>
    public long Version { get; init; }

    /// <summary>The lease that the key is attached to; 0: none.</summary>
    public long Lease { get; init; }
}
