namespace Hosting.Tls;

/// <summary>
/// Who a client is by the certificate that its connection showed, which was verified: a feature of the connection, and so of each request on it
/// (<c>context.Features.Get&lt;ClientIdentity&gt;()</c>). Absent where the port does not authenticate clients by certificate (<see cref="TlsSettings.ClientCertAuth"/>).
/// </summary>
/// <param name="CommonName">Common name of the certificate's subject; "" when it has none.</param>
public sealed record ClientIdentity(string CommonName);
