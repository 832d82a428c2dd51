using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Standalone.V2;

namespace Standalone.Discovery;

/// <summary>A folder of a v2 key space as a registry: <c>_config/size</c>, and a key for each member.</summary>
internal sealed class V2Registry : IRegistry
{
    // The folder of a cluster, not a data set.
    private const long MostAnswerBytes = 16 * 1024 * 1024;

    private const string UnsortedGet = "quorum=false&recursive=false&sorted=false";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly V2Endpoint _folder;

    private V2Registry(V2Endpoint folder) => _folder = folder;

    /// <exception cref="DiscoveryFailure">The URL, or that of the proxy, is none.</exception>
    public static V2Registry At(V2DiscoveryOptions options)
    {
        var folder = V2Endpoint.UrlOf(options.Url)
            ?? throw DiscoveryFailure.Refused($"\"{options.Url}\" is no URL of a discovery service: it must begin with http:// or https://");
        var proxy = options.Proxy.Length == 0 ? null : V2Endpoint.UrlOf(options.Proxy) ?? V2Endpoint.UrlOf("http://" + options.Proxy)
            ?? throw DiscoveryFailure.Refused($"invalid proxy address \"{options.Proxy}\"");
        return new V2Registry(new V2Endpoint(folder, MostAnswerBytes, proxy));
    }

    public string Service => _folder.Service;

    public bool RegistersOnce => true;

    public async Task<string> SizeAsync(CancellationToken cancellation) =>
        (await AskAsync(HttpMethod.Get, "/_config/size?" + UnsortedGet, [], s_patience, cancellation).ConfigureAwait(false)).Node.Value ?? "";

    public async Task<RegistryListing> ListAsync(CancellationToken cancellation)
    {
        var answer = await AskAsync(HttpMethod.Get, "?" + UnsortedGet, [], s_patience, cancellation).ConfigureAwait(false);
        return new RegistryListing([.. answer.Node.Nodes.Where(static node => node.Name != "_config").Select(Registered)], answer.Index);
    }

    public async Task RegisterAsync(string id, string urls, CancellationToken cancellation)
    {
        var created = await AskAsync(HttpMethod.Put, $"/{id}?prevExist=false", [new("value", urls)], s_patience, cancellation).ConfigureAwait(false);
        try
        {
            // Answered at once where watches work, which the rest depends on.
            await WaitAsync(string.Create(CultureInfo.InvariantCulture, $"/{id}?recursive=false&wait=true&waitIndex={created.Node.CreatedIndex}"), cancellation).ConfigureAwait(false);
        }
        catch (V2RefusedException refused) when (refused.Error.Code == V2Error.IndexCleared)
        {
            // They do: so much has happened since that it is forgotten already.
        }
    }

    public async IAsyncEnumerable<Registration> FollowAsync(ulong position, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            V2Answer answer;
            try
            {
                answer = await WaitAsync(string.Create(CultureInfo.InvariantCulture, $"?recursive=true&wait=true&waitIndex={position + 1}"), cancellation).ConfigureAwait(false);
            }
            catch (V2RefusedException refused) when (refused.Error.Code == V2Error.IndexCleared)
            {
                yield break; // Much has happened there meanwhile.
            }
            position = answer.Node.ModifiedIndex;
            if (answer.Node.Value is { Length: > 0 })
                yield return Registered(answer.Node);
        }
    }

    public void Dispose() => _folder.Dispose();

    private static Registration Registered(V2Node node) => new(node.Name, node.Value ?? "", node.CreatedIndex);

    private Task<V2Answer> WaitAsync(string request, CancellationToken cancellation) => AskAsync(HttpMethod.Get, request, [], Timeout.InfiniteTimeSpan, cancellation);

    private async Task<V2Answer> AskAsync(
        HttpMethod method, string request, IReadOnlyList<KeyValuePair<string, string>> form, TimeSpan patience, CancellationToken cancellation)
    {
        try
        {
            return await _folder.AskAsync(method, request, form, patience, cancellation).ConfigureAwait(false);
        }
        catch (V2UnavailableException unavailable)
        {
            throw new RegistryUnavailableException(unavailable.Message, unavailable);
        }
        catch (V2RefusedException refused) when (refused.Error.Code != V2Error.IndexCleared)
        {
            throw refused.Error.Code == V2Error.NodeExists ? DiscoveryFailure.DuplicateId() : DiscoveryFailure.Refused(refused.Message);
        }
        catch (JsonException)
        {
            throw DiscoveryFailure.Refused("discovery: bad discovery endpoint");
        }
    }
}
