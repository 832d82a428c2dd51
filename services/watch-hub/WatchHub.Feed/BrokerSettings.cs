namespace WatchHub.Feed;

/// <summary>Where the broker is and who we are to it.</summary>
/// <param name="Address"><c>rabbitmq://host:port/virtual-host</c>, or <c>rabbitmqs://</c> over TLS; never with credentials.</param>
/// <param name="User">User name.</param>
/// <param name="Password">Never logged.</param>
/// <param name="PasswordFile">File that holds it instead; empty: none.</param>
public sealed record BrokerSettings(Uri Address, string User, string Password, string PasswordFile = "")
{
    /// <summary>The password as it is now, without the end of its line.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Nor may it be.</exception>
    public string ReadPassword() => PasswordFile.Length == 0 ? Password : File.ReadAllText(PasswordFile).TrimEnd('\r', '\n');

    /// <summary>Without the password, which a record would print.</summary>
    public override string ToString() => $"{User}@{Address}";
}
