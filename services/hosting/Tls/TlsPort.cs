using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hosting.Tls;

/// <summary>Secures a port. What is used before this sees the encrypted bytes of a connection, what is used after it the plain ones.</summary>
public static class TlsPort
{
    /// <summary>Of everything that is logged about TLS.</summary>
    public const string LogCategory = "Hosting.Tls";

    /// <summary>
    /// TLS with HTTP/1.1 and HTTP/2 by ALPN, as far as the port's protocols allow both. What fails is logged as etcd logs it; a connection that authenticated its client by certificate
    /// gets a <see cref="ClientIdentity"/>.
    /// </summary>
    /// <param name="port">The port.</param>
    /// <param name="settings">What it is secured with.</param>
    /// <param name="purpose">For log lines: "client", "peer".</param>
    /// <exception cref="ConfigurationException">The files cannot be used.</exception>
    public static void UseServerTls(this ListenOptions port, TlsSettings settings, string purpose)
    {
        var tls = new ServerTls(settings, purpose, port.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger(LogCategory));
        port.Use(next => async connection =>
        {
            var attempt = new TlsAttempt();
            connection.Features.Set(attempt);
            await next(connection).ConfigureAwait(false);
            if (!attempt.IsDone)
                tls.Reject(connection.RemoteEndPoint, attempt.ServerName, attempt.Complaint ?? "tls: handshake failed");
        });
        port.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = context =>
            {
                var attempt = context.Connection.Features.GetRequiredFeature<TlsAttempt>();
                attempt.ServerName = context.ClientHelloInfo.ServerName;
                if ((context.ClientHelloInfo.SslProtocols & settings.Protocols) == 0)
                    attempt.Complaint = $"tls: client offered only unsupported versions: [{context.ClientHelloInfo.SslProtocols}]";
                return new(tls.OptionsFor(attempt));
            },
        });
        port.Use(next => connection =>
        {
            connection.Features.GetRequiredFeature<TlsAttempt>().IsDone = true;
            return IdentifyAsync(connection, tls, next);
        });
    }

    private static async Task IdentifyAsync(ConnectionContext connection, ServerTls tls, ConnectionDelegate next)
    {
        var certificate = connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;
        if (certificate is not null && tls.Settings.ChecksOrigin && connection.RemoteEndPoint is IPEndPoint remote
            && await CertificateOrigin.ComplaintAsync(certificate, remote.Address, connection.ConnectionClosed).ConfigureAwait(false) is { } complaint)
        {
            tls.Reject(remote, "", complaint);
            connection.Abort();
            return;
        }
        if (certificate is not null && tls.Settings.ClientCertAuth)
            connection.Features.Set(new ClientIdentity(CertificateNames.CommonNameOf(certificate)));
        await next(connection).ConfigureAwait(false);
    }
}
