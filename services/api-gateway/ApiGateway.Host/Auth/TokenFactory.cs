using Hosting;

namespace ApiGateway.Host.Auth;

/// <summary>Reads <c>--auth-token</c>: "simple", or "jwt" with options, separated by commas.</summary>
public static class TokenFactory
{
    /// <summary>Whether the text can be used.</summary>
    /// <exception cref="ConfigurationException">It cannot.</exception>
    public static void Require(string specification) => Create(specification, TimeSpan.FromSeconds(1), TimeProvider.System);

    internal static ITokens Create(string specification, TimeSpan simpleTimeToLive, TimeProvider time)
    {
        var fields = specification.Split(',');
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in fields.Skip(1))
        {
            if (field.Split('=') is not [var name, var value] || !options.TryAdd(name, value))
                throw new ConfigurationException("auth: invalid auth options");
        }
        return fields[0] switch
        {
            "simple" => new SimpleTokens(simpleTimeToLive, time),
            "jwt" => new JwtTokens(JwtOptions.Read(options), time),
            _ => throw new ConfigurationException("auth: invalid auth options"),
        };
    }
}
