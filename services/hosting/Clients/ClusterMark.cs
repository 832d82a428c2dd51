using System.Net.Http;

namespace Hosting.Clients;

/// <summary>
/// Says with every call of which cluster the caller is. An address outlives its member: who listens there by now may be of another cluster, and answers only its own.
/// </summary>
public sealed class ClusterMark : DelegatingHandler
{
    /// <summary>The cluster's id in hexadecimal digits, as etcd's members say it.</summary>
    public const string Header = "X-Etcd-Cluster-Id";

    private readonly string _cluster;

    internal ClusterMark(HttpMessageHandler inner, string cluster) : base(inner) => _cluster = cluster;

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.TryAddWithoutValidation(Header, _cluster);
        return base.SendAsync(request, cancellationToken);
    }
}
