using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Hosting.Listening;

/// <summary>
/// Keeps apart what clients may call and what only other members may, in a process that listens for both: a peer port serves the endpoints
/// marked for it and nothing else, every other port serves everything else.
/// </summary>
public static class PeerPort
{
    /// <summary>Marks the connections of a port as the members'.</summary>
    public static void MarkAsPeerPort(this ListenOptions port) =>
        port.Use(static next => connection =>
        {
            connection.Features.Set(Connection.Marker);
            return next(connection);
        });

    /// <summary>Marks endpoints for peer ports.</summary>
    public static TBuilder ForPeersOnly<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoints.Add(static endpoint => endpoint.Metadata.Add(ForPeers.Marker));
        return endpoints;
    }

    /// <summary>Lets routing pass over what is for peers, on every other port: what is for clients may have the same path.</summary>
    public static IServiceCollection AddPeerPortSeparation(this IServiceCollection services) => services.AddSingleton<MatcherPolicy, PeersOnlyPolicy>();

    /// <summary>Answers 404 to a member that calls what is for clients. After routing, before the endpoints.</summary>
    /// <param name="app">The process.</param>
    /// <param name="refuses">Whether a call of a member is refused; it has been answered then.</param>
    public static IApplicationBuilder UsePeerPortSeparation(this IApplicationBuilder app, Func<HttpContext, bool> refuses) => app.Use((context, next) =>
    {
        if (!IsFromPeer(context))
            return next(context);
        if (context.GetEndpoint() is { } endpoint && IsForPeers(endpoint))
            return refuses(context) ? Task.CompletedTask : next(context);
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    });

    private static bool IsFromPeer(HttpContext context) => context.Features.Get<Connection>() is not null;

    private static bool IsForPeers(Endpoint endpoint) => endpoint.Metadata.GetMetadata<ForPeers>() is not null;

    private sealed class PeersOnlyPolicy : MatcherPolicy, IEndpointSelectorPolicy
    {
        // After the framework's own, which decide by what the request says.
        public override int Order => 1000;

        public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => endpoints.Any(IsForPeers);

        public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
        {
            var isFromPeer = IsFromPeer(httpContext);
            for (var i = 0; i < candidates.Count; i++)
            {
                if (candidates.IsValidCandidate(i) && IsForPeers(candidates[i].Endpoint) != isFromPeer)
                    candidates.SetValidity(i, false);
            }
            return Task.CompletedTask;
        }
    }

    private sealed class Connection
    {
        public static readonly Connection Marker = new();
    }

    private sealed class ForPeers
    {
        public static readonly ForPeers Marker = new();
    }
}
