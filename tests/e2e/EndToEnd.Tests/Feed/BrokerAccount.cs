namespace EndToEnd.Tests.Feed;

/// <summary>Where a broker is reached, and as whom.</summary>
/// <param name="Address"><c>rabbitmq://host:port/</c>.</param>
/// <param name="User">Known to the broker.</param>
/// <param name="Password">The user's.</param>
public sealed record BrokerAccount(Uri Address, string User, string Password);
