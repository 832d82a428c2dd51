using Consensus.Contracts;

namespace ApiGateway.Core.V2;

/// <summary>The answers of /v2/members to changes that are refused (etcd 3.4).</summary>
public static class V2MemberErrors
{
    /// <summary>HTTP status and message.</summary>
    /// <param name="error">Not None.</param>
    /// <param name="method">POST, PUT or DELETE.</param>
    /// <param name="id">The member in the path; not used for POST.</param>
    public static (int Status, string Message) Of(MembershipError error, string method, MemberId id) => (error, method) switch
    {
        (MembershipError.PeerUrlExists, "POST" or "PUT") => (409, "membership: peerURL exists"),
        (MembershipError.MemberIdExists, "POST") => (409, "membership: ID exists"),
        (MembershipError.MemberNotFound, "PUT" or "DELETE") => (404, NoSuchMember(id.ToString())),
        (MembershipError.MemberRemoved, "DELETE") => (410, $"Member permanently removed: {id}"),
        _ => (500, "Internal Server Error"),
    };

    /// <summary>Also for what is no id at all.</summary>
    public static string NoSuchMember(string id) => $"No such member: {id}";
}
