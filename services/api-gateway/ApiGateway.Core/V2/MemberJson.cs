using Consensus.Contracts;

namespace ApiGateway.Core.V2;

/// <summary>The bodies of /v2/members and /v2/machines.</summary>
public static class MemberJson
{
    /// <summary>One member with a line end.</summary>
    public static string One(Member member) => Text(member) + "\n";

    /// <summary>All members by id, with a line end.</summary>
    public static string All(IEnumerable<Member> members) =>
        $"{{\"members\":[{string.Join(',', members.OrderBy(member => member.Id.Value).Select(Text))}]}}\n";

    /// <summary>All client URLs, sorted, joined by ", " without a line end.</summary>
    public static string Machines(IEnumerable<Member> members) =>
        string.Join(", ", members.SelectMany(member => member.ClientUrls).Order(StringComparer.Ordinal));

    /// <summary>The body of an error: no line end.</summary>
    public static string Error(string message) => $"{{\"message\":{GoJson.Quote(message)}}}";

    private static string Text(Member member) =>
        $"{{\"id\":\"{member.Id}\",\"name\":{GoJson.Quote(member.Name)},\"peerURLs\":{GoJson.Quote(member.PeerUrls)},"
        + $"\"clientURLs\":{GoJson.Quote(member.ClientUrls)}}}";
}
