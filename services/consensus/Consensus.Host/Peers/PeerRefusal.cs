namespace Consensus.Host.Peers;

/// <summary>Why a member does not admit another. Numbers are part of the protocol.</summary>
internal enum PeerRefusal
{
    None = 0,

    /// <summary>It belongs to another cluster: somebody gave it the wrong address, or old data.</summary>
    OtherCluster = 1,

    /// <summary>Somebody else answers at this address.</summary>
    OtherMember = 2,

    /// <summary>The caller was removed from the cluster, for good.</summary>
    Removed = 3,
}

internal static class PeerRefusals
{
    /// <summary>In etcd's words.</summary>
    public static string Text(PeerRefusal refusal) => refusal switch
    {
        PeerRefusal.OtherCluster => "cluster ID mismatch",
        PeerRefusal.Removed => "the member has been permanently removed from the cluster",
        _ => "another member answers at this address",
    };
}
