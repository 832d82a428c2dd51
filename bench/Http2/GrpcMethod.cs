namespace Bench.Http2;

/// <summary>The methods that are called. Known in advance, so that their paths have fixed slots in the header encoder.</summary>
internal sealed class GrpcMethod
{
    public static readonly GrpcMethod Range = new(0, "/etcdserverpb.KV/Range");
    public static readonly GrpcMethod Put = new(1, "/etcdserverpb.KV/Put");
    public static readonly GrpcMethod Txn = new(2, "/etcdserverpb.KV/Txn");
    public static readonly GrpcMethod Watch = new(3, "/etcdserverpb.Watch/Watch");
    public static readonly GrpcMethod LeaseGrant = new(4, "/etcdserverpb.Lease/LeaseGrant");
    public static readonly GrpcMethod LeaseKeepAlive = new(5, "/etcdserverpb.Lease/LeaseKeepAlive");
    public static readonly GrpcMethod Status = new(6, "/etcdserverpb.Maintenance/Status");

    public static readonly GrpcMethod Compact = new(7, "/etcdserverpb.KV/Compact");

    /// <summary>All methods, at the index of their ordinal.</summary>
    public static readonly GrpcMethod[] All = [Range, Put, Txn, Watch, LeaseGrant, LeaseKeepAlive, Status, Compact];

    private GrpcMethod(int ordinal, string path) => (Ordinal, Path) = (ordinal, path);

    public int Ordinal { get; }

    public string Path { get; }
}
