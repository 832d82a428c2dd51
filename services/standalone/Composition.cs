using Microsoft.AspNetCore.Builder;
using Standalone.Member;

namespace Standalone;

/// <summary>The one place that decides that the five services of this process talk to each other by plain calls.</summary>
internal static class Composition
{
    /// <summary>Registers the five services, each bound to the others in-process.</summary>
    public static void AddMember(this WebApplicationBuilder builder, MemberOptions options)
    {
    }

    /// <summary>Maps what clients call.</summary>
    public static void MapMember(this WebApplication app)
    {
    }
}
