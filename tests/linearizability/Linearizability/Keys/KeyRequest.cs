namespace Linearizability.Keys;

public enum RequestKind
{
    Get,
    Put,
    Delete,

    /// <summary>A txn without condition that reads and then puts.</summary>
    Swap,

    /// <summary>A txn that puts when the key has <see cref="KeyRequest.ExpectedValue"/>, and reads otherwise.</summary>
    PutIfValue,

    /// <summary>A txn that puts when the key has <see cref="KeyRequest.ExpectedModRevision"/> (0: does not exist), and reads otherwise.</summary>
    PutIfModRevision,
}

/// <summary>A request about one key of etcd.</summary>
public sealed record KeyRequest(RequestKind Kind, string Key, string? Value = null, string? ExpectedValue = null, long ExpectedModRevision = 0)
{
    /// <summary>Only a read leaves no trace when its answer is lost.</summary>
    public bool MayWrite => Kind != RequestKind.Get;

    public override string ToString() => Kind switch
    {
        RequestKind.Get => $"get {Key}",
        RequestKind.Put => $"put {Key} {Value}",
        RequestKind.Delete => $"delete {Key}",
        RequestKind.Swap => $"swap {Key} {Value}",
        RequestKind.PutIfValue => $"put {Key} {Value} if {ExpectedValue}",
        _ => $"put {Key} {Value} if mod {ExpectedModRevision}",
    };
}
