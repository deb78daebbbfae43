"""The demonstration's hub, started by ``make hub``. NOT for real use: see ``production/jupyterhub_config.py``.

All users share one password and the system user who started the hub: nothing keeps a student's code from reading
everything that this user may read, the course's hidden tests among it. The hub listens on this machine only.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import hub_access
from settings import INSTRUCTOR, PASSWORD, STUDENTS, Settings

c = get_config()  # noqa: F821  # traitlets defines it in the namespace that it runs this file in

demo = Settings.read()
programs = Path(sys.executable).parent
single_user = [str(programs / "jupyterhub-singleuser")]
if os.geteuid() == 0:
    single_user.append("--allow-root")  # everything runs as the system user who started it
# nbgrader starts alembic by name: this environment's.
path = os.pathsep.join((str(programs), os.environ.get("PATH", os.defpath)))

# --- addresses: this machine only -----------------------------------------------------------------------------------

c.JupyterHub.bind_url = demo.url
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{demo.hub_port}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{demo.proxy_port}"
c.ConfigurableHTTPProxy.command = [str(demo.proxy)]

# --- what the hub writes ----------------------------------------------------------------------------------------------

c.JupyterHub.db_url = f"sqlite:///{demo.state}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(demo.state / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(demo.state / "proxy.pid")

# --- users ------------------------------------------------------------------------------------------------------------

c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = PASSWORD
c.SharedPasswordAuthenticator.allowed_users = {INSTRUCTOR, *STUDENTS}  # nobody is an administrator of the hub
c.JupyterHub.template_vars = {
    "announcement_login": f"A demonstration. Users: {', '.join((INSTRUCTOR, *STUDENTS))}; password: {PASSWORD}"
}

c.JupyterHub.load_groups = hub_access.groups(demo.course_id, [INSTRUCTOR], STUDENTS)
c.JupyterHub.load_roles = hub_access.roles(demo.course_id, grading=bool(demo.grading))

# --- the users' own servers -------------------------------------------------------------------------------------------

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(demo.homes / "{username}")
c.Spawner.cmd = single_user
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120
c.Spawner.environment = {
    "PATH": path,
    "JUPYTER_CONFIG_PATH": lambda spawner: hub_access.settings_for(spawner, demo.course_id),
    "AUTOGRADER_COURSE": demo.course_id,
    "AUTOGRADER_EXCHANGE": str(demo.exchange),
    "AUTOGRADER_SHARED_USER": "1",
}

# --- services ---------------------------------------------------------------------------------------------------------

# Their home is not that of the person at the keyboard, whose Jupyter settings have no place here.
service_environment = {"PATH": path, "HOME": str(demo.homes / ".services")}

c.JupyterHub.services = [
    hub_access.formgrader(
        demo.course_id, demo.course, f"http://127.0.0.1:{demo.formgrader_port}", single_user, service_environment
    )
]
if demo.grading:
    c.JupyterHub.services.append(
        hub_access.grading(f"http://127.0.0.1:{demo.grading_port}", demo.grading, service_environment)
    )
