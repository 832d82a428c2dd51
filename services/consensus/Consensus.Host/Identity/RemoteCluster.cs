using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.Json;
using Consensus.Contracts;
using Hosting.Clients;
using Hosting.Tls;

namespace Consensus.Host.Identity;

/// <summary>A cluster that runs already, as its members' peer ports describe it (<c>GET /members</c>).</summary>
/// <param name="Cluster">Its id.</param>
/// <param name="Members">Its members, by ascending id.</param>
internal sealed record RemoteCluster(ClusterId Cluster, IReadOnlyList<Member> Members)
{
    /// <summary>Header with the cluster's id in hexadecimal.</summary>
    public const string ClusterIdHeader = ClusterMark.Header;

    /// <summary>How long a member that is to join waits for an answer, as etcd's does: without one it cannot start.</summary>
    public static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(10);

    /// <summary>How long a member of a new cluster waits for one: as a rule the others are not there yet.</summary>
    public static readonly TimeSpan BootstrapPatience = TimeSpan.FromSeconds(2);

    /// <summary>The first answer of any of these peers; null when none answers in time.</summary>
    public static async Task<RemoteCluster?> FetchAsync(IEnumerable<string> peerUrls, ClientTls? tls, TimeSpan patience, CancellationToken cancellation)
    {
        using var client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            SslOptions = tls?.Options() ?? new SslClientAuthenticationOptions(),
        })
        {
            Timeout = patience,
            // A member of the split deployment listens for nothing else.
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var asking = peerUrls.Select(url => TryFetchAsync(client, url, cancellation)).ToList();
        while (asking.Count > 0)
        {
            var answered = await Task.WhenAny(asking).ConfigureAwait(false);
            asking.Remove(answered);
            if (await answered.ConfigureAwait(false) is { } cluster)
                return cluster;
        }
        return null;
    }

    /// <summary>The cluster as etcd prints it in its refusals.</summary>
    public string ToText() => $"{{ClusterID:{Cluster} Members:[{string.Join(' ', Members.Select(TextOf))}] RemovedMemberIDs:[]}}";

    /// <summary>The answer to <c>GET /members</c>.</summary>
    public static byte[] ToJson(IEnumerable<Member> members)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var member in members)
            {
                json.WriteStartObject();
                json.WriteNumber("id", member.Id.Value);
                WriteTexts(json, "peerURLs", member.PeerUrls);
                if (member.IsLearner)
                    json.WriteBoolean("isLearner", true);
                if (member.Name.Length > 0)
                    json.WriteString("name", member.Name);
                if (member.ClientUrls.Count > 0)
                    WriteTexts(json, "clientURLs", member.ClientUrls);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        return buffer.ToArray();
    }

    private static async Task<RemoteCluster?> TryFetchAsync(HttpClient client, string peerUrl, CancellationToken cancellation)
    {
        try
        {
            using var response = await client.GetAsync(new Uri(new Uri(peerUrl), "members"), cancellation).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode || !response.Headers.TryGetValues(ClusterIdHeader, out var ids)
                || !ulong.TryParse(ids.First(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var id))
            {
                return null;
            }
            using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false));
            return new RemoteCluster(new ClusterId(id), [.. json.RootElement.EnumerateArray().Select(MemberFrom).OrderBy(member => member.Id.Value)]);
        }
        // The bare socket error: a connection that is reset at once, while the client still looks at its addresses.
        catch (Exception exception) when (exception is HttpRequestException or IOException or SocketException or JsonException or InvalidOperationException or KeyNotFoundException
            || (exception is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    private static string TextOf(Member member) =>
        $"&{{ID:{member.Id} RaftAttributes:{{PeerURLs:[{string.Join(' ', member.PeerUrls)}] IsLearner:{(member.IsLearner ? "true" : "false")}}} "
        + $"Attributes:{{Name:{member.Name} ClientURLs:[{string.Join(' ', member.ClientUrls)}]}}}}";

    private static Member MemberFrom(JsonElement json) => new(
        new MemberId(json.GetProperty("id").GetUInt64()),
        json.TryGetProperty("name", out var name) ? name.GetString() ?? "" : "",
        TextsOf(json, "peerURLs"), TextsOf(json, "clientURLs"),
        json.TryGetProperty("isLearner", out var isLearner) && isLearner.GetBoolean());

    private static string[] TextsOf(JsonElement json, string property) =>
        json.TryGetProperty(property, out var texts) ? [.. texts.EnumerateArray().Select(text => text.GetString() ?? "")] : [];

    private static void WriteTexts(Utf8JsonWriter json, string property, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(property);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
