"""JupyterHub for a course in real use: users of the system, servers of their own, one grading user. See docs/hub.md.

What differs from one site to another, and every secret, comes from the environment (``hub.env``, which systemd reads
for ``jupyterhub.service``); what a course needs stands here. Roles and scopes are in ``hub_access.py``, one folder up.
"""

import importlib.util
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import hub_access

c = get_config()  # noqa: F821  # traitlets defines it in the namespace that it runs this file in
site = os.environ


def needs(module: str, package: str) -> None:
    """Raises ImportError, with what to do, where an optional package is missing."""
    if importlib.util.find_spec(module) is None:
        raise ImportError(f"{module} is missing, which this choice needs: {sys.executable} -m pip install {package}")


# --- this course ------------------------------------------------------------------------------------------------------

COURSE = site.get("HUB_COURSE", "ridge-to-bayes")  # nbgrader's course_id
COURSE_ROOT = Path(site.get("HUB_COURSE_ROOT", "/srv/autograder/course"))  # the grading user's, closed to all others
EXCHANGE = Path(site.get("HUB_EXCHANGE", "/srv/autograder/exchange"))  # made by exchange.sh
GRADER = site.get("HUB_GRADER", "grader")  # the system user who owns course and gradebook, and nothing else
LISTS = Path(site.get("HUB_LISTS", "/etc/jupyterhub"))  # instructors.txt and students.txt: a name a line
STATE = Path(site.get("HUB_STATE", "/var/lib/jupyterhub"))

# An environment that students can read, outside /root and outside everything that is graded.
PROGRAMS = Path(sys.executable).parent
PATH = os.pathsep.join((str(PROGRAMS), "/usr/local/bin", "/usr/bin", "/bin"))

# --- addresses --------------------------------------------------------------------------------------------------------

# A web server in front of this address ends HTTPS: docs/hub.md has one for nginx. Without one, set a certificate:
# c.JupyterHub.bind_url = "https://:443"; c.JupyterHub.ssl_cert = ...; c.JupyterHub.ssl_key = ...
c.JupyterHub.bind_url = site.get("HUB_BIND", "http://127.0.0.1:8000")
c.JupyterHub.public_url = site.get("HUB_PUBLIC_URL", "")  # https://hub.example.edu: cookies then go over HTTPS alone
# With a DNS record *.hub.example.edu each user's server gets an origin of its own: a notebook that one user makes
# another open in the hub then runs without that one's rights.
c.JupyterHub.subdomain_host = site.get("HUB_SUBDOMAINS", "")  # https://hub.example.edu
c.JupyterHub.hub_bind_url = site.get("HUB_API", "http://127.0.0.1:8081")
c.ConfigurableHTTPProxy.api_url = site.get("HUB_PROXY_API", "http://127.0.0.1:8001")
c.ConfigurableHTTPProxy.command = [site.get("HUB_PROXY", "configurable-http-proxy")]

# --- what the hub keeps -----------------------------------------------------------------------------------------------

# For PostgreSQL: postgresql+psycopg:///jupyterhub
c.JupyterHub.db_url = site.get("HUB_DATABASE", f"sqlite:///{STATE}/jupyterhub.sqlite")
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")
# A restart of the hub ends no user's server: they go on, and the hub finds them again.
c.JupyterHub.cleanup_servers = False

# --- who gets in ------------------------------------------------------------------------------------------------------

authenticator = site.get("HUB_AUTHENTICATOR", "pam")
if authenticator == "pam":  # passwords of the system's users
    c.JupyterHub.authenticator_class = "pam"
elif authenticator == "oauth":  # the university's single sign-on
    needs("oauthenticator", "oauthenticator")
    # "local": a user of the hub is a user of the system. Any other of oauthenticator's classes is set up alike.
    c.JupyterHub.authenticator_class = "local-generic-oauth"
    c.OAuthenticator.client_id = site["OAUTH_CLIENT_ID"]
    c.OAuthenticator.client_secret = site["OAUTH_CLIENT_SECRET"]
    c.OAuthenticator.oauth_callback_url = site["OAUTH_CALLBACK_URL"]  # https://hub.example.edu/hub/oauth_callback
    c.OAuthenticator.authorize_url = site["OAUTH_AUTHORIZE_URL"]
    c.OAuthenticator.token_url = site["OAUTH_TOKEN_URL"]
    c.OAuthenticator.userdata_url = site["OAUTH_USERDATA_URL"]
    c.OAuthenticator.username_claim = site.get("OAUTH_USERNAME_CLAIM", "preferred_username")
    c.OAuthenticator.scope = ["openid", "profile"]
elif authenticator == "lti":  # a course in Moodle, Canvas, ...
    needs("ltiauthenticator", "jupyterhub-ltiauthenticator")
    c.JupyterHub.authenticator_class = "ltiauthenticator.lti13.auth.LTI13Authenticator"
    c.LTI13Authenticator.client_id = {site["LTI_CLIENT_ID"]}
    c.LTI13Authenticator.issuer = site["LTI_ISSUER"]
    c.LTI13Authenticator.authorize_url = site["LTI_AUTHORIZE_URL"]
    c.LTI13Authenticator.jwks_endpoint = site["LTI_JWKS_URL"]
    c.LTI13Authenticator.username_key = site.get("LTI_USERNAME_KEY", "preferred_username")
else:
    raise ValueError(f"HUB_AUTHENTICATOR is {authenticator!r}; expected pam, oauth or lti")

# Everyone whom the authenticator knows, less everyone who stands in neither list. The lists are read at each login, and
# give the groups: whoever was taken off one is out at the next login, which is due each day. JupyterHub's load_groups
# would only ever add members.
c.Authenticator.allow_all = True
c.Authenticator.manage_groups = True
c.Authenticator.post_auth_hook = hub_access.members_only(COURSE, LISTS / "instructors.txt", LISTS / "students.txt")
c.JupyterHub.cookie_max_age_days = 1
c.JupyterHub.load_roles = hub_access.roles(COURSE)

# --- the users' own servers -------------------------------------------------------------------------------------------

spawner = site.get("HUB_SPAWNER", "local")
if spawner == "local":  # a process of the user's
    c.JupyterHub.spawner_class = "localprocess"
elif spawner == "systemd":  # a unit of the user's, with limits
    needs("systemdspawner", "jupyterhub-systemdspawner")
    c.JupyterHub.spawner_class = "systemd"
    c.SystemdSpawner.mem_limit = site.get("HUB_MEMORY", "4G")
    c.SystemdSpawner.cpu_limit = float(site.get("HUB_PROCESSORS", "2"))
    c.SystemdSpawner.isolate_tmp = True
    c.SystemdSpawner.isolate_devices = True
    c.SystemdSpawner.disable_user_sudo = True
    c.SystemdSpawner.unit_extra_properties = {"InaccessiblePaths": str(COURSE_ROOT)}
else:
    raise ValueError(f"HUB_SPAWNER is {spawner!r}; expected local or systemd")
c.Spawner.cmd = [str(PROGRAMS / "jupyterhub-singleuser")]
c.Spawner.default_url = "/lab"
c.Spawner.environment = {
    "PATH": PATH,
    "JUPYTER_CONFIG_PATH": lambda spawner: hub_access.settings_for(spawner, COURSE),
    "AUTOGRADER_COURSE": COURSE,
    "AUTOGRADER_EXCHANGE": str(EXCHANGE),
}

# --- services: both are the grading user ------------------------------------------------------------------------------

services = {"PATH": PATH}
c.JupyterHub.services = [
    hub_access.formgrader(
        COURSE,
        COURSE_ROOT,
        site.get("HUB_FORMGRADER", "http://127.0.0.1:9001"),
        [str(PROGRAMS / "jupyterhub-singleuser")],
        services,
        GRADER,
    ),
    hub_access.grading(
        site.get("HUB_GRADING", "http://127.0.0.1:9002"),
        [str(PROGRAMS / "autograder"), "serve", "--course", str(COURSE_ROOT)],
        services,
        GRADER,
        # With a token it is a unit of its own (autograder.service): a control group for each submission can then be
        # had, and the hub goes on where it cannot be started.
        site.get("HUB_GRADING_TOKEN", ""),
    ),
]
