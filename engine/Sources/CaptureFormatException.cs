namespace Iscsitop.Engine.Sources;

/// <summary>
/// What was given as a capture is none, or one we do not read. The message names the input, what was found in it and where, and what
/// would be right. It is an <see cref="IOException"/> because to a consumer of packets it is the same: there are no more.
/// </summary>
public sealed class CaptureFormatException(string message) : IOException(message);
